/**
 * User -> the SCIM resource that one client sees: under its own externalId, with its own withheld values in place of
 * what is in force (else it would send them for ever). No schema work here: this runs for every resource of every answer.
 */
import { CORE_USER, EXTENSIONS } from '../directory/schema.ts'
import { withSlot } from '../directory/slots.ts'
import type { Json, JsonObject, Resource, Source, User, UserFields } from '../directory/user.ts'

const CORE_ONLY = [CORE_USER]
const WITH_ENTERPRISE = [CORE_USER, EXTENSIONS.enterprise]
const WITH_CAMPUS = [CORE_USER, EXTENSIONS.campus]
const WITH_BOTH = [CORE_USER, EXTENSIONS.enterprise, EXTENSIONS.campus]

// Within JSON these are names and never part of a string, where a quote has a backslash before it; no schema has a
// complex attribute or sub-attribute of such a name.
const ENTERPRISE_KEY = '"enterprise":{'
const ENTERPRISE_URN_KEY = `"${EXTENSIONS.enterprise}":{`
const CAMPUS_KEY = '"campus":{'
const CAMPUS_URN_KEY = `"${EXTENSIONS.campus}":{`

type Identified = { readonly _id: string; readonly version: string }

/**
 * @param source whose view it is
 * @param base URL of the institution's SCIM endpoint, without a slash at its end
 */
export function renderUser(user: User, source: Source, base: string): JsonObject {
  const resource = user.claims === undefined ? user.resource : withClaims(user, source)
  const { enterprise, campus } = resource
  const binding = user.bindings.find((one) => one.source === source)
  const out: { [name: string]: Json } = { schemas: schemasOf(enterprise !== undefined, campus !== undefined), id: user._id }
  if (binding?.externalId !== undefined) out.externalId = binding.externalId
  for (const name in resource) if (name !== 'enterprise' && name !== 'campus') out[name] = resource[name] as Json
  if (enterprise !== undefined) out[EXTENSIONS.enterprise] = enterprise
  if (campus !== undefined) out[EXTENSIONS.campus] = campus
  out.meta = metaOf(user, base)
  return out
}

function metaOf(user: Identified & Pick<UserFields, 'created' | 'lastModified'>, base: string): JsonObject {
  return {
    resourceType: 'User',
    created: new Date(user.created).toISOString(),
    lastModified: new Date(user.lastModified).toISOString(),
    location: locationOf(user, base),
    version: etagOf(user),
  }
}

/** A user as the store has it, the resource still text: enough for an answer, and a third of the work. */
export type UserText = Omit<UserFields, 'resource' | 'provenance'> & { readonly version: string; readonly resource: string }

/** The text of what `renderUser` makes. */
export function renderText(user: UserText, source: Source, base: string): string {
  if (user.claims !== undefined) return JSON.stringify(renderUser(parsedUser(user), source, base))
  const { resource } = user
  const externalId = user.bindings.find((one) => one.source === source)?.externalId
  const id = externalId === undefined ? `"id":"${user._id}"` : `"id":"${user._id}","externalId":${JSON.stringify(externalId)}`
  const schemas = JSON.stringify(schemasOf(resource.includes(ENTERPRISE_KEY), resource.includes(CAMPUS_KEY)))
  const attributes = resource.slice(1, -1).replace(ENTERPRISE_KEY, ENTERPRISE_URN_KEY).replace(CAMPUS_KEY, CAMPUS_URN_KEY)
  return `{"schemas":${schemas},${id},${attributes},"meta":${JSON.stringify(metaOf(user, base))}}`
}

export function parsedUser(user: UserText): User {
  return { ...user, resource: JSON.parse(user.resource) } as unknown as User
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
function withClaims(user: User, source: Source): Resource {
  let seen = user.resource
  for (const { source: claimant, slot, value } of user.claims ?? []) {
    const isShown = claimant === source && slot !== 'active' && !(slot === 'userName' && value === undefined)
    if (isShown) seen = withSlot(seen, slot, value)
  }
  return seen
}
