/**
 * User -> the SCIM resource that one client sees: under its own externalId, with its own withheld values in place of
 * what is in force (else it would send them for ever). No schema work here: this runs for every resource of every answer.
 */
import { CORE_USER, EXTENSIONS } from '../directory/schema.ts'
import { withSlot } from '../directory/slots.ts'
import type { Json, JsonObject, Resource, Source, User } from '../directory/user.ts'

const CORE_ONLY = [CORE_USER]
const WITH_ENTERPRISE = [CORE_USER, EXTENSIONS.enterprise]
const WITH_CAMPUS = [CORE_USER, EXTENSIONS.campus]
const WITH_BOTH = [CORE_USER, EXTENSIONS.enterprise, EXTENSIONS.campus]

/**
 * @param source whose view it is
 * @param base URL of the institution's SCIM endpoint, without a slash at its end
 */
export function renderUser(user: User, source: Source, base: string): JsonObject {
  const resource = user.claims === undefined ? user.resource : withClaims(user, source)
  const { enterprise, campus } = resource
  const binding = user.bindings.find((one) => one.source === source)
  const out: { [name: string]: Json } = { schemas: schemasOf(enterprise, campus), id: user._id }
  if (binding?.externalId !== undefined) out.externalId = binding.externalId
  for (const name in resource) if (name !== 'enterprise' && name !== 'campus') out[name] = resource[name] as Json
  if (enterprise !== undefined) out[EXTENSIONS.enterprise] = enterprise
  if (campus !== undefined) out[EXTENSIONS.campus] = campus
  out.meta = {
    resourceType: 'User',
    created: new Date(user.created).toISOString(),
    lastModified: new Date(user.lastModified).toISOString(),
    location: locationOf(user, base),
    version: etagOf(user),
  }
  return out
}

export function locationOf(user: User, base: string): string {
  return `${base}/Users/${user._id}`
}

/** A weak tag: the version says that the record is the same, not that two answers are the same bytes. */
export function etagOf(user: User): string {
  return `W/"${user.version}"`
}

function schemasOf(enterprise: Json | undefined, campus: Json | undefined): readonly string[] {
  if (enterprise === undefined) return campus === undefined ? CORE_ONLY : WITH_CAMPUS
  return campus === undefined ? WITH_ENTERPRISE : WITH_BOTH
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
