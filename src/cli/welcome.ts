/**
 * What a start prints: where it serves, and at the very first one a SCIM client's URL, token and a line to try.
 */
import { createToken } from '../auth/tokens.ts'
import type { Config } from '../config.ts'
import { isLoopback } from '../config.ts'
import type { Institution } from '../directory/institution.ts'
import { listInstitutions } from '../directory/institution.ts'
import type { Store } from '../store/store.ts'
import { actor } from './actor.ts'

const DEMO = 'demo'
const MOST_SHOWN = 5

export async function welcome(
  config: Config,
  { store, publicUrl, sftpPort }: { readonly store: Store; readonly publicUrl: string; readonly sftpPort: number | undefined },
): Promise<string> {
  const institutions = await listInstitutions(store)
  const isOurs = config.database.kind === 'sqlite' && isLoopback(config.host)
  const token = institutions.length === 0 && isOurs ? await makeDemo(store) : undefined
  const lines = token === undefined ? placesOf(institutions, publicUrl) : demoLines(token, publicUrl)
  const dropBox = sftpPort === undefined ? [] : [`SFTP drop box at ${config.sftpHost}, port ${sftpPort}`]
  return [`Matricula serves at ${publicUrl}`, ...dropBox, '', ...lines, ''].join('\n')
}

/** @returns its token, or undefined when another process was faster */
async function makeDemo(store: Store): Promise<string | undefined> {
  const { createInstitution } = await import('../directory/institution-changes.ts')
  const [by, now] = [actor(), Date.now()]
  const made = await createInstitution(store, { id: DEMO, name: 'Demo University', by, now })
  if (made.kind !== 'created') return
  return (await createToken(store, { institution: DEMO, scope: 'scim', name: 'first start', by, now })).text
}

function demoLines(token: string, publicUrl: string): string[] {
  const url = scimUrl(DEMO, publicUrl)
  return [
    `  SCIM URL  ${url}`,
    `  Token     ${token}`,
    '',
    'The store was empty: this is the institution "demo", to try things with. Its token is shown this once.',
    'Its people, as a SCIM client sees them:',
    '',
    `  curl -H "Authorization: Bearer ${token}" ${url}/Users`,
    '',
    `The REST API, to read in a browser: ${publicUrl}/institutions/${DEMO}/api/v1/docs`,
  ]
}

function placesOf(institutions: readonly Institution[], publicUrl: string): string[] {
  if (institutions.length === 0) return ['There is no institution yet. Make one: matricula institution create ID --name NAME']
  const shown = institutions.slice(0, MOST_SHOWN).map(({ _id }) => `  SCIM URL  ${scimUrl(_id, publicUrl)}`)
  const more = institutions.length - shown.length
  const rest = more > 0 ? [`  and ${more} more: matricula institution list`] : []
  return [...shown, ...rest, '', `A new token: matricula token create ${institutions[0]?._id} --scope scim`]
}

function scimUrl(id: string, publicUrl: string): string {
  return `${publicUrl}/institutions/${id}/scim/v2`
}
