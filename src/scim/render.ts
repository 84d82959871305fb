/**
 * User -> the SCIM resource that one client sees: under its own externalId, with its own withheld values in place of
 * what is in force (else it would send them for ever). No schema work here: this runs for every resource of every answer.
 */
import { isoTime } from '../days.ts'
import { bindingOf } from '../directory/binding.ts'
import { isObject } from '../directory/json.ts'
import type { ResourceSchema } from '../directory/schema.ts'
import { EXTENSIONS, isExtension, USER } from '../directory/schema.ts'
import { withSlot } from '../directory/slots.ts'
import type { Json, JsonObject, Resource, Source, UserFields } from '../directory/user.ts'
import type { Belonging } from './belonging.ts'
import type { ByteWriter } from './byte-writer.ts'
import type { Managers } from './managers.ts'
import { withManager } from './managers.ts'
import { objectsIn } from './objects-in.ts'

const CORE_ONLY = [USER.urn]
const WITH_ENTERPRISE = [USER.urn, EXTENSIONS.enterprise]
const WITH_CAMPUS = [USER.urn, EXTENSIONS.campus]
const WITH_BOTH = [USER.urn, EXTENSIONS.enterprise, EXTENSIONS.campus]

const SCHEMAS_TEXT = [CORE_ONLY, WITH_ENTERPRISE, WITH_CAMPUS, WITH_BOTH].map((schemas) => JSON.stringify(schemas))

/** What stands in an answer in place of the short names of extensions. No other attribute that is an object has such a name. */
const URN_KEYS: ReadonlyMap<string, Buffer> = new Map(
  (['enterprise', 'campus'] as const).map((name) => [name, Buffer.from(`"${EXTENSIONS[name]}":`)]),
)

type Identified = { readonly _id: string; readonly version: string }

/** Who looks, and from where. */
export type View = {
  readonly source: Source
  /** Of the institution's users. */
  readonly schema: ResourceSchema
  /** URL of the institution's SCIM endpoint, without a slash at its end. */
  readonly base: string
  /** What stands as `groups` of a user. */
  readonly belonging: Belonging
  readonly managers: Managers
}

/** What of a user an answer is made of. */
type Rendered = Omit<UserFields, 'provenance' | 'keys'> & { readonly version: string }

export function renderUser(user: Rendered, { source, schema, base, belonging, managers }: View): JsonObject {
  const seen = user.claims === undefined ? user.resource : withClaims(user, source)
  const resource = withManager(seen, managers, base)
  const { enterprise, campus } = resource
  const own = ownShown(resource, schema)
  const binding = bindingOf(user.bindings, source)
  const known = schemasOf(enterprise !== undefined, campus !== undefined)
  const schemas = own === undefined ? known : [...known, schema.urnOf('own')]
  const out: { [name: string]: Json } = { schemas, id: user._id }
  if (binding?.externalId !== undefined) out.externalId = binding.externalId
  for (const name in resource) if (!isExtension(name)) out[name] = resource[name] as Json
  if (enterprise !== undefined) out[EXTENSIONS.enterprise] = enterprise
  if (campus !== undefined) out[EXTENSIONS.campus] = campus
  if (own !== undefined) out[schema.urnOf('own')] = own
  const groups = belonging(user.memberOf)
  if (groups !== undefined) out.groups = groups
  out.meta = metaOf(user, 'User', base)
  return out
}

/** What the institution declares now: values of what it declared before are kept, and not shown. */
function ownShown({ own }: Resource, schema: ResourceSchema): JsonObject | undefined {
  if (!isObject(own) || !schema.extensions.includes('own')) return undefined
  const attributes = schema.attributesOf('own')
  const shown = Object.entries(own).filter(([name]) => attributes.get(name.toLowerCase())?.name === name)
  return shown.length === 0 ? undefined : Object.fromEntries(shown)
}

export function metaOf(
  record: Identified & Pick<UserFields, 'created' | 'lastModified'>,
  resourceType: 'User' | 'Group',
  base: string,
): JsonObject {
  return {
    resourceType,
    created: isoTime(record.created),
    lastModified: isoTime(record.lastModified),
    location: `${base}/${resourceType}s/${record._id}`,
    version: etagOf(record),
  }
}

/** A user as the store has it, the resource still the bytes of its JSON: enough for an answer, at a third of the work. */
export type UserBytes = Omit<Rendered, 'resource'> & { readonly resource: Uint8Array }

/** Writes what `renderUser` makes. */
export function writeUser(out: ByteWriter, user: UserBytes, view: View): void {
  const { source, base, belonging, managers } = view
  const { resource } = user
  const objects = objectsIn(resource)
  if (user.claims !== undefined || (managers.size > 0 && objects.has('manager')) || objects.has('own')) {
    out.text(JSON.stringify(renderUser(parsedUser(user), view)))
    return
  }
  const schemas = SCHEMAS_TEXT[(objects.has('enterprise') ? 1 : 0) + (objects.has('campus') ? 2 : 0)]
  const externalId = bindingOf(user.bindings, source)?.externalId
  const named = externalId === undefined ? '' : `"externalId":${JSON.stringify(externalId)},`
  out.text(`{"schemas":${schemas},"id":"${user._id}",${named}`)
  // Between the braces.
  let from = 1
  for (const [name, at] of objects) {
    const urnKey = URN_KEYS.get(name)
    if (urnKey === undefined) continue
    out.bytes(resource.subarray(from, at))
    out.bytes(urnKey)
    from = at + name.length + '"":'.length
  }
  out.bytes(resource.subarray(from, resource.length - 1))
  const groups = belonging(user.memberOf)
  if (groups !== undefined) out.text(`,"groups":${JSON.stringify(groups)}`)
  const created = isoTime(user.created)
  const lastModified = user.lastModified === user.created ? created : isoTime(user.lastModified)
  out.text(
    `,"meta":{"resourceType":"User","created":"${created}","lastModified":"${lastModified}","location":"${locationOf(user, base)}","version":"W/\\"${user.version}\\""}}`,
  )
}

export function parsedUser(user: UserBytes): Rendered {
  return { ...user, resource: JSON.parse(Buffer.from(user.resource).toString()) }
}

export function locationOf(user: Identified, base: string): string {
  return `${base}/Users/${user._id}`
}

/** A weak tag: the version says that the record is the same, not that two answers are the same bytes. */
export function etagOf(user: Identified): string {
  return `W/"${user.version}"`
}

function schemasOf(hasEnterprise: boolean, hasCampus: boolean): readonly string[] {
  if (!hasEnterprise) return hasCampus ? WITH_CAMPUS : CORE_ONLY
  return hasCampus ? WITH_BOTH : WITH_ENTERPRISE
}

/** `active` is always shown as it is in force, and a userName is always there. */
function withClaims(user: Rendered, source: Source): Resource {
  let seen = user.resource
  for (const { source: claimant, slot, value } of user.claims ?? []) {
    const isShown = claimant === source && slot !== 'active' && !(slot === 'userName' && value === undefined)
    if (isShown) seen = withSlot(seen, slot, value)
  }
  return seen
}
