/**
 * One institution's SCIM endpoint without a network, for tests: the token is the name of the source.
 */
import { Hono } from 'hono'
import type { Admission } from '../src/auth/admit.ts'
import { sealWith } from '../src/auth/seal.ts'
import type { Change, Outcome } from '../src/directory/change.ts'
import { openGate } from '../src/directory/gate.ts'
import type { Institution } from '../src/directory/institution.ts'
import type { Settings } from '../src/directory/settings.ts'
import type { Source } from '../src/directory/user.ts'
import { Turns } from '../src/limits/turns.ts'
import { scimApp } from '../src/scim/app.ts'
import type { Store } from '../src/store/store.ts'
import { anInstitution } from './builders.ts'

export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: ReturnType<typeof JSON.parse>
}

export type Endpoint = {
  readonly institution: Institution
  /** What the log would be told. */
  readonly failures: readonly unknown[]
  readonly app: Hono
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  /** A change by another channel. */
  add(institution: Institution, change: Change): Promise<Outcome>
}

type EndpointOptions = {
  readonly refusal?: Admission
  /** Made anew when absent. */
  readonly institution?: Institution
  /** Whom the token speaks of. */
  readonly subject?: string
}

export function endpoint(
  store: Store,
  settings: Settings = {},
  { refusal, institution = anInstitution(settings), subject }: EndpointOptions = {},
): Endpoint {
  const gate = openGate(store)
  const seal = sealWith('a key for tests alone')
  const failures: unknown[] = []
  const admit = (request: Request, id: string): Admission => {
    const source = request.headers.get('authorization')?.slice('Bearer '.length)
    if (refusal !== undefined) return refusal
    if (source === undefined || id !== institution._id)
      return { kind: 'refused', status: 401, detail: 'a token is needed', headers: { 'www-authenticate': 'Bearer' } }
    return { kind: 'ok', institution, source: source as Source, credential: 't1', ...(subject === undefined ? {} : { subject }) }
  }
  const app = new Hono({ strict: false })
  const failed = (error: unknown) => failures.push(error)
  const scim = scimApp({ store, gate, turns: new Turns(), seal, publicUrl: 'http://roll.example', admit, failed })
  app.route('/institutions/:institution/scim/v2', scim)

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const sent = typeof body === 'string' ? body : JSON.stringify(body)
    const length = sent === undefined ? {} : { 'content-length': String(Buffer.byteLength(sent)) }
    const response = await app.request(`/institutions/${institution._id}/scim/v2${path}`, {
      method,
      headers: { authorization: 'Bearer scim', 'content-type': 'application/scim+json', ...length, ...headers },
      ...(sent !== undefined && { body: sent }),
    })
    const text = await response.text()
    const json = text.startsWith('{') ? JSON.parse(text) : undefined
    return { status: response.status, headers: response.headers, text, json }
  }
  return { institution, failures, call, add: gate.submit, app }
}

export const filterBy = (filter: string, endpoint = '/Users') => `${endpoint}?filter=${encodeURIComponent(filter)}`
export const as = (source: Source) => ({ authorization: `Bearer ${source}` })
export const patch = (...Operations: object[]) => ({ Operations })
