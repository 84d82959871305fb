/**
 * Who has the say: what of an edit takes effect, slot by slot.
 *
 * Without a ranking the last writer wins. Where the institution ranks sources for a slot (`authority`), a lower one
 * fills gaps; what else it sends is kept as its claim, which takes effect when the higher source lets go.
 * `active` has a rule of its own: who was turned inactive comes back by the same source, or an administrator.
 */
import { isList, isObject, sameJson } from './json.ts'
import { ownerOf, withOwners } from './provenance.ts'
import { slotNamesOf, slotsOf, withSlot } from './slots.ts'
import type { Claim, Json, Owner, Resource, Slot, Source, User } from './user.ts'
import { channelOf } from './user.ts'

export type Difference = { readonly slot: Slot; readonly old?: Json; readonly new?: Json }

export type Ranking = (slot: Slot) => readonly string[] | undefined

export type Settled = {
  readonly resource: Resource
  readonly provenance: User['provenance']
  readonly claims: readonly Claim[]
  /** None for a new person, of whom everything is new. */
  readonly differences: readonly Difference[]
  readonly withheld: readonly Slot[]
  /** Slots that went back to the source they were taken from. */
  readonly contested: readonly Slot[]
}

/** The record as `source` sees it: its own claims in place of what is in force, but for `active`; a derived userName is nobody's. */
export function seenBy(user: User, source: Source): Resource {
  let seen = user.resource
  if (user.userNameIsDerived) seen = withSlot(seen, 'userName', undefined)
  for (const claim of user.claims ?? []) {
    if (claim.source === source && claim.slot !== 'active') seen = withSlot(seen, claim.slot, claim.value)
  }
  return seen
}

/** `granted`: slots whose value is what a group means, and the name of that group. */
type By = { readonly source: Source; readonly now: number; readonly granted?: ReadonlyMap<Slot, string> | undefined }

/**
 * Settles what `source` made of the record.
 * @param current the record, and how the source sees it; absent for a new person, whose slots all go to the source
 */
export function settle(
  current: { readonly user: User; readonly resource: Resource } | undefined,
  wanted: Resource,
  by: By & { readonly ranking: Ranking; readonly reactivates?: true | undefined },
): Settled {
  if (current === undefined) return allNew(wanted, by)
  const { user } = current
  if (wanted === current.resource) return asItWas(user)
  const before = slotsOf(current.resource)
  const after = slotsOf(wanted)
  const inForce = slotsOf(user.resource)
  const owners = new Map<Slot, Owner | undefined>()
  let claims = user.claims ?? []
  const differences: Difference[] = []
  const withheld: Slot[] = []
  const contested: Slot[] = []
  const put = (slot: Slot, value: Json | undefined, source: Source, group: string | undefined) => {
    const owner = ownerOf(user.provenance, slot)
    const old = inForce.get(slot)
    if (!sameJson(old, value)) differences.push(elementsApart(slot, old, value))
    if (owner?.before === source && owner.source !== source) contested.push(slot)
    owners.set(slot, value === undefined ? undefined : nextOwner(source, by.now, owner, group))
    inForce.set(slot, value as Json)
  }
  const touched = new Set(touchedSlots(before, after))
  const withhold = (slot: Slot, value: Json | undefined) => {
    withheld.push(slot)
    // Whoever turned a person inactive has nothing to let go of: without a ranking such a claim would wait for ever.
    if (slot !== 'active' || by.ranking(slot) !== undefined) claims = [...claims, claimOf(user, by, slot, value)]
  }
  const putSecond = (slot: Slot, value: readonly Json[]) => {
    withhold(slot, value)
    if (!sameJson(inForce.get(slot), demoted(value))) put(slot, demoted(value), by.source, by.granted?.get(slot))
  }
  const isAnothers = (slot: Slot) =>
    touched.has(slot) ? isKept(slot, after.get(slot), user, by, by.ranking(slot)) : hasClaim(user, by.source, slot)
  for (const slot of touched) {
    const value = after.get(slot)
    const ranking = by.ranking(slot)
    claims = claims.filter((claim) => claim.slot !== slot || claim.source !== by.source)
    if (sameJson(inForce.get(slot), value) && !(slot === 'userName' && user.userNameIsDerived)) continue
    if (isKept(slot, value, user, by, ranking)) {
      withhold(slot, value)
      continue
    }
    const next = value === undefined ? best(claims, slot, ranking) : undefined
    claims = claims.filter((claim) => claim !== next)
    if (next !== undefined) put(slot, next.value, next.source, next.group)
    else if (hasPrimary(value) && hasOtherPrimary(inForce, slot, isAnothers)) putSecond(slot, value)
    else put(slot, value, by.source, by.granted?.get(slot))
  }
  // What was sent stands as it was sent, unless something of it is kept back or was never shown to its sender.
  const isWhole = withheld.length === 0 && user.claims === undefined
  const resource = isWhole
    ? keepingTheServers(inTheirOrder(wanted, user.resource, touched), user)
    : rebuilt(user.resource, slotsOf(user.resource), inForce)
  return { resource, provenance: withOwners(user.provenance, owners), claims, differences, withheld, contested }
}

/**
 * The order of a list by itself says nothing: one of which no element changes stays as it was. By the order may go which
 * address is the person's key, and that does not change without a word in the trail.
 */
function inTheirOrder(wanted: Resource, there: Resource, touched: ReadonlySet<Slot>): Resource {
  let resource = wanted
  for (const [name, list] of Object.entries(wanted)) {
    const before = there[name]
    if (!isList(list) || !isList(before) || list === before) continue
    const isTouched = [...touched].some((slot) => slot.startsWith(`${name}[`))
    if (!isTouched) resource = { ...resource, [name]: before }
  }
  return resource
}

/** `active` is never absent, and a derived userName stays until somebody names the person. */
function keepingTheServers(wanted: Resource, user: User): Resource {
  let resource = wanted
  if (resource.active === undefined && user.resource.active !== undefined)
    resource = { ...resource, active: user.resource.active }
  if (resource.userName === undefined && user.resource.userName !== undefined)
    resource = { userName: user.resource.userName, ...resource }
  return resource
}

function touchedSlots(before: ReadonlyMap<Slot, Json>, after: ReadonlyMap<Slot, Json>): Slot[] {
  const touched: Slot[] = []
  for (const [slot, value] of after) if (!sameJson(before.get(slot), value)) touched.push(slot)
  for (const slot of before.keys()) if (!after.has(slot) && slot !== 'active') touched.push(slot)
  return touched
}

function rebuilt(resource: Resource, before: ReadonlyMap<Slot, Json>, after: ReadonlyMap<Slot, Json | undefined>): Resource {
  let next = resource
  for (const [slot, value] of after) if (!sameJson(before.get(slot), value)) next = withSlot(next, slot, value)
  return next
}

function allNew(wanted: Resource, by: { readonly source: Source; readonly now: number }): Settled {
  const provenance = [{ source: by.source, at: by.now, slots: slotNamesOf(wanted) }]
  return { resource: wanted, provenance, claims: [], differences: [], withheld: [], contested: [] }
}

function asItWas({ resource, provenance, claims = [] }: User): Settled {
  return { resource, provenance, claims, differences: [], withheld: [], contested: [] }
}

function isKept(
  slot: Slot,
  value: Json | undefined,
  user: User,
  { source, reactivates }: { readonly source: Source; readonly reactivates?: true | undefined },
  ranking: readonly string[] | undefined,
): boolean {
  if (slot === 'active' && ranking === undefined) {
    const { inactive } = user
    if (reactivates) return false
    return (
      value !== false && inactive !== undefined && !inactive.fromStart && inactive.by !== source && channelOf(source) !== 'admin'
    )
  }
  const owner = ownerOf(user.provenance, slot)
  if (owner === undefined || owner.source === source || ranking === undefined) return false
  return rankOf(owner.source, ranking) < rankOf(source, ranking)
}

function hasPrimary(value: Json | undefined): value is readonly Json[] {
  return isList(value) && value.some((element) => isObject(element) && element.primary === true)
}

/** One element of a list is primary in force: what another source keeps so stays so, and what comes is second to it. */
function hasOtherPrimary(inForce: ReadonlyMap<Slot, Json>, slot: Slot, isAnothers: (slot: Slot) => boolean): boolean {
  const attribute = slot.slice(0, slot.indexOf('[') + 1)
  for (const [other, value] of inForce) {
    if (other.startsWith(attribute) && hasPrimary(value) && isAnothers(other)) return true
  }
  return false
}

function hasClaim(user: User, source: Source, slot: Slot): boolean {
  return user.claims?.some((claim) => claim.source === source && claim.slot === slot) ?? false
}

function demoted(list: readonly Json[]): Json {
  return list.map((element) => (isObject(element) && element.primary === true ? { ...element, primary: false } : element))
}

/** 0 is the highest; sources that are not named come last, all equal. */
function rankOf(source: Source, ranking: readonly string[]): number {
  const named = ranking.indexOf(source)
  if (named >= 0) return named
  const channel = ranking.indexOf(channelOf(source))
  return channel >= 0 ? channel : ranking.length
}

function best(claims: readonly Claim[], slot: Slot, ranking: readonly string[] | undefined): Claim | undefined {
  const rank = (claim: Claim) => rankOf(claim.source, ranking ?? [])
  return claims
    .filter((claim) => claim.slot === slot && claim.value !== undefined)
    .sort((a, b) => rank(a) - rank(b) || b.at - a.at)[0]
}

/** The claim as it was when it says nothing new, so that repeating it changes nothing. */
function claimOf(user: User, by: By, slot: Slot, value: Json | undefined): Claim {
  const group = by.granted?.get(slot)
  const known = user.claims?.find((claim) => claim.slot === slot && claim.source === by.source && sameJson(claim.value, value))
  if (known !== undefined && known.group === group) return known
  return {
    source: by.source,
    slot,
    ...(value === undefined ? {} : { value }),
    at: by.now,
    ...(group === undefined ? {} : { group }),
  }
}

function nextOwner(source: Source, at: number, owner: Owner | undefined, group: string | undefined): Owner {
  const before = owner?.source === source ? owner.before : owner?.source
  return { source, at, ...(before === undefined ? {} : { before }), ...(group === undefined ? {} : { group }) }
}

/** What the making of a record sets, slot by slot. */
export function differencesFromNothing(resource: Resource): Difference[] {
  return Array.from(slotsOf(resource), ([slot, value]) => differenceOf(slot, undefined, value))
}

/** Of a slot with many elements only those that came or went, so that the trail of a long list stays short. */
function elementsApart(slot: Slot, old: Json | undefined, value: Json | undefined): Difference {
  if (isList(old) && isList(value) && old.length + value.length > 2) {
    const went = lacking(old, value)
    const came = lacking(value, old)
    if (went.length + came.length > 0)
      return differenceOf(slot, went.length > 0 ? went : undefined, came.length > 0 ? came : undefined)
  }
  return differenceOf(slot, old, value)
}

function lacking(list: readonly Json[], other: readonly Json[]): readonly Json[] {
  const there = new Set(other.map((element) => JSON.stringify(element)))
  return list.filter((element) => !there.has(JSON.stringify(element)))
}

export function differenceOf(slot: Slot, old: Json | undefined, value: Json | undefined): Difference {
  if (old === undefined) return value === undefined ? { slot } : { slot, new: plain(value) }
  return value === undefined ? { slot, old: plain(old) } : { slot, old: plain(old), new: plain(value) }
}

/** A slot with one element is told as that element. */
function plain(value: Json): Json {
  return isList(value) && value.length === 1 ? (value[0] as Json) : value
}

/** Whether two lists of claims say the same. */
export function sameClaims(a: readonly Claim[], b: readonly Claim[]): boolean {
  return a.length === b.length && a.every((claim) => b.includes(claim))
}
