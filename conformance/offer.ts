/**
 * What the server says it can do (RFC 7644 section 4), so that what it does not offer is told apart from what it does wrong.
 */
import type { Need } from './dialogue.ts'
import type { Answer, Silence, Target } from './exchange.ts'
import { exchange } from './exchange.ts'
import type { JsonObject } from './json.ts'
import { at, isObject, listOf } from './json.ts'
import { EXTENSIONS, SCHEMAS } from './urns.ts'

export type Offer = {
  /** What is not offered, and how that shows. */
  readonly lacks: ReadonlyMap<Need, string>
  /** Attributes that clients may write, as `User.title` in small letters, by resource type; absent where the server does not tell. */
  readonly writable: ReadonlyMap<string, ReadonlySet<string>>
}

/** What every resource has without its schema saying so (RFC 7643 section 3.1). */
const COMMON = ['externalId', 'schemas', 'id', 'meta']

/** Reads the server's description of itself. Silence when no question is answered at all. */
export async function readOffer(target: Target): Promise<Offer | Silence> {
  const ask = (path: string) => exchange(target, { method: 'GET', path })
  const [config, schemas, types] = await Promise.all([ask('/ServiceProviderConfig'), ask('/Schemas'), ask('/ResourceTypes')])
  if ('silence' in config && 'silence' in schemas && 'silence' in types) return config
  const described = new Map(resourcesOf(schemas).map((schema) => [String(at(schema, '/id')), schema]))
  const known = new Set([...described.keys(), ...schemasOf(types)])
  const lacks = new Map([...lacksOfConfig(config), ...lacksOfSchemas(known, described)])
  const noRest = await whyNoRest(target)
  if (noRest !== undefined) lacks.set('rest', noRest)
  return { lacks, writable: new Map(Object.entries(SCHEMAS).flatMap(([type, urn]) => writableOf(type, described.get(urn)))) }
}

/** Why the server cannot be asked for this: nothing when it can. */
export function whyNotOffered(
  { needs, attributes }: { readonly needs: readonly Need[]; readonly attributes: readonly string[] },
  { lacks, writable }: Offer,
): string[] {
  const features = needs.map((need) => lacks.get(need)).filter((reason) => reason !== undefined)
  const missing = attributes.filter((attribute) => {
    const [type = '', name = ''] = attribute.split('.')
    return !COMMON.includes(name) && writable.get(type)?.has(attribute.toLowerCase()) === false
  })
  return [...features, ...missing.map((attribute) => `/Schemas has no ${attribute} that clients may write`)]
}

function lacksOfConfig(config: Answer | Silence): [Need, string][] {
  const says = (feature: string) => ('status' in config ? at(config.json, `/${feature}/supported`) : undefined)
  const lacks: [Need, string][] = []
  for (const feature of ['bulk', 'sort', 'etag'] as const) {
    if (says(feature) !== true) lacks.push([feature, `/ServiceProviderConfig does not say ${feature}.supported`])
  }
  // A server that says nothing of these is not believed to do without them.
  for (const feature of ['patch', 'filter'] as const) {
    if (says(feature) === false) lacks.push([feature, `/ServiceProviderConfig says that ${feature}.supported is false`])
  }
  if (!('status' in config) || at(config.json, '/pagination/cursor') !== true)
    lacks.push(['cursor', '/ServiceProviderConfig does not say pagination.cursor'])
  return lacks
}

function lacksOfSchemas(known: ReadonlySet<string>, described: ReadonlyMap<string, JsonObject>): [Need, string][] {
  const lacks: [Need, string][] = []
  const nowhere = 'neither /ResourceTypes nor /Schemas has'
  for (const name of ['enterprise', 'campus'] as const) {
    if (!known.has(EXTENSIONS[name])) lacks.push([name, `${nowhere} ${EXTENSIONS[name]}`])
  }
  if (!known.has(SCHEMAS.Group)) lacks.push(['groups', `${nowhere} Group`], ['nested', `${nowhere} Group`])
  const group = described.get(SCHEMAS.Group)
  if (group !== undefined && !takesGroups(group)) lacks.push(['nested', 'the members of Group may not be of type Group'])
  const user = described.get(SCHEMAS.User)
  if (user === undefined || at(user, '/attributes/[name=password]') === undefined)
    lacks.push(['password', '/Schemas has no User.password'])
  return lacks
}

function takesGroups(group: JsonObject): boolean {
  const types = at(group, '/attributes/[name=members]/subAttributes/[name=type]/canonicalValues')
  const references = at(group, '/attributes/[name=members]/subAttributes/[name=$ref]/referenceTypes')
  return [...listOf(types), ...listOf(references)].includes('Group')
}

function writableOf(type: string, schema: JsonObject | undefined): [string, ReadonlySet<string>][] {
  const attributes = listOf(at(schema, '/attributes'))
  if (attributes.length === 0) return []
  const writable = attributes.filter((attribute) => at(attribute, '/mutability') !== 'readOnly')
  return [[type, new Set(writable.map((attribute) => `${type}.${at(attribute, '/name')}`.toLowerCase()))]]
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
