/**
 * What the server says it can do (RFC 7644 section 4), so that what it does not offer is told apart from what it does wrong.
 */
import type { Need } from './dialogue.ts'
import type { Answer, Silence, Target } from './exchange.ts'
import { exchange } from './exchange.ts'
import { at, isObject, listOf } from './json.ts'

/** What is not offered, and how that shows. */
export type Lacks = ReadonlyMap<Need, string>

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'
const EXTENSIONS = {
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  campus: 'urn:ietf:params:scim:schemas:extension:campus:2.0:User',
} as const

/** Reads the server's description of itself. Silence when no question is answered at all. */
export async function readOffer(target: Target): Promise<Lacks | Silence> {
  const ask = (path: string) => exchange(target, { method: 'GET', path })
  const [config, schemas, types] = await Promise.all([ask('/ServiceProviderConfig'), ask('/Schemas'), ask('/ResourceTypes')])
  if ('silence' in config && 'silence' in schemas && 'silence' in types) return config
  const known = new Set([...idsOf(schemas), ...schemasOf(types)])
  const lacks = new Map<Need, string>()
  for (const feature of ['bulk', 'sort', 'etag'] as const) {
    if (!isSupported(config, feature)) lacks.set(feature, `/ServiceProviderConfig does not say ${feature}.supported`)
  }
  if (!known.has(GROUP)) lacks.set('groups', 'neither /ResourceTypes nor /Schemas has Group')
  for (const name of ['enterprise', 'campus'] as const) {
    if (!known.has(EXTENSIONS[name])) lacks.set(name, `neither /ResourceTypes nor /Schemas has ${EXTENSIONS[name]}`)
  }
  const noRest = await whyNoRest(target)
  if (noRest !== undefined) lacks.set('rest', noRest)
  return lacks
}

function isSupported(config: Answer | Silence, feature: string): boolean {
  return 'status' in config && at(config.json, `/${feature}/supported`) === true
}

function idsOf(schemas: Answer | Silence): string[] {
  return resourcesOf(schemas).map((schema) => String(at(schema, '/id')))
}

/** The schemas that resource types name, as base or as extension. */
function schemasOf(types: Answer | Silence): string[] {
  return resourcesOf(types).flatMap((type) => [
    String(at(type, '/schema')),
    ...listOf(at(type, '/schemaExtensions')).map((extension) => String(at(extension, '/schema'))),
  ])
}

function resourcesOf(answer: Answer | Silence) {
  return 'status' in answer && answer.status === 200 ? listOf(at(answer.json, '/Resources')).filter(isObject) : []
}

async function whyNoRest(target: Target): Promise<string | undefined> {
  if (target.apiToken === undefined) return 'no token for the REST interface was given'
  const answer = await exchange(target, { method: 'GET', path: '../../api/v1/users?netid=nobody', auth: 'api' })
  if ('silence' in answer) return `the REST interface does not answer: ${answer.silence}`
  return answer.status === 404 ? 'the REST interface answers 404' : undefined
}
