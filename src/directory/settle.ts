/**
 * Who has the say: what of an edit takes effect, slot by slot.
 *
 * Without a ranking the last writer wins. Where the institution ranks sources for a slot (`authority`), a lower one
 * fills gaps; what else it sends is kept as its claim, which takes effect when the higher source lets go.
 * `active` has a rule of its own: who was turned inactive comes back by the same source, or an administrator.
 */
import type { Current } from './change.ts'
import type { Difference } from './difference.ts'
import { differenceInElements } from './difference.ts'
import { isList, isObject, sameJson } from './json.ts'
import { ownerOf, withOwners } from './provenance.ts'
import { slotNamesOf, slotsOf, withSlot } from './slots.ts'
import type { Claim, Json, Owner, Resource, Slot, Source, User } from './user.ts'
import { channelOf } from './user.ts'

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

type By = {
  readonly source: Source
  readonly now: number
  readonly ranking: Ranking
  /** Slots whose value is what a group means, and the name of that group. */
  readonly granted?: ReadonlyMap<Slot, string> | undefined
  /** As of a change. */
  readonly reactivates?: true | undefined
}

/**
 * Settles what a source made of the record.
 * @param current the record, and how the source sees it; absent for a new person, whose slots all go to the source
 */
export function settle(current: Current | undefined, wanted: Resource, by: By): Settled {
  if (current === undefined) return allNew(wanted, by)
  return wanted === current.resource ? asItWas(current.user) : new Settling(current, wanted, by).run()
}

class Settling {
  readonly #user: User
  readonly #wanted: Resource
  readonly #by: By
  readonly #sent: ReadonlyMap<Slot, Json>
  /** In which what was sent is not what its source sees. */
  readonly #touched: ReadonlySet<Slot>
  /** Undefined where a slot has lost its value. */
  readonly #inForce: Map<Slot, Json | undefined>
  readonly #owners = new Map<Slot, Owner | undefined>()
  #claims: readonly Claim[]
  readonly #differences: Difference[] = []
  readonly #withheld: Slot[] = []
  readonly #contested: Slot[] = []

  constructor({ user, resource }: Current, wanted: Resource, by: By) {
    this.#user = user
    this.#wanted = wanted
    this.#by = by
    this.#sent = slotsOf(wanted)
    this.#touched = touchedSlots(slotsOf(resource), this.#sent)
    this.#inForce = slotsOf(user.resource)
    this.#claims = user.claims ?? []
  }

  run(): Settled {
    for (const slot of this.#touched) this.#settle(slot)
    return {
      resource: this.#resource(),
      provenance: withOwners(this.#user.provenance, this.#owners),
      claims: this.#claims,
      differences: this.#differences,
      withheld: this.#withheld,
      contested: this.#contested,
    }
  }

  #settle(slot: Slot): void {
    const { source } = this.#by
    const value = this.#sent.get(slot)
    this.#claims = this.#claims.filter((claim) => claim.slot !== slot || claim.source !== source)
    if (this.#isInForce(slot, value)) return
    if (this.#isKept(slot, value)) {
      this.#withhold(slot, value)
      return
    }
    const claim = value === undefined ? this.#takeClaim(slot) : undefined
    if (claim !== undefined) this.#put(slot, claim.value, claim)
    else if (hasPrimary(value) && this.#isSecond(slot)) this.#putSecond(slot, value)
    else this.#put(slot, value, this.#sender(slot))
  }

  /** What was sent stands as it was sent, unless something of it is kept back or was never shown to its sender. */
  #resource(): Resource {
    const user = this.#user
    const isWhole = this.#withheld.length === 0 && user.claims === undefined
    if (!isWhole) return rebuilt(user.resource, slotsOf(user.resource), this.#inForce)
    return keepingTheServers(inTheirOrder(this.#wanted, user.resource, this.#touched), user)
  }

  /** Whoever sends the name that was derived makes it a name that was sent. */
  #isInForce(slot: Slot, value: Json | undefined): boolean {
    return sameJson(this.#inForce.get(slot), value) && !(slot === 'userName' && this.#user.userNameIsDerived)
  }

  #isKept(slot: Slot, value: Json | undefined): boolean {
    const { source, ranking } = this.#by
    const ranked = ranking(slot)
    if (slot === 'active' && ranked === undefined) return value !== false && this.#isKeptInactive()
    const owner = ownerOf(this.#user.provenance, slot)
    if (owner === undefined || owner.source === source || ranked === undefined) return false
    return rankOf(owner.source, ranked) < rankOf(source, ranked)
  }

  #isKeptInactive(): boolean {
    const { source, reactivates } = this.#by
    const { inactive } = this.#user
    if (reactivates || inactive === undefined || inactive.fromStart) return false
    return inactive.by !== source && channelOf(source) !== 'admin'
  }

  #withhold(slot: Slot, value: Json | undefined): void {
    this.#withheld.push(slot)
    // Whoever turned a person inactive has nothing to let go of: without a ranking such a claim would wait for ever.
    if (slot === 'active' && this.#by.ranking(slot) === undefined) return
    this.#claims = [...this.#claims, claimOf(this.#user, this.#by, slot, value)]
  }

  /** What the highest source that claims the slot would have it be, which is then in force and no claim any more. */
  #takeClaim(slot: Slot): Claim | undefined {
    const claim = best(this.#claims, slot, this.#by.ranking(slot))
    if (claim !== undefined) this.#claims = this.#claims.filter((one) => one !== claim)
    return claim
  }

  #sender(slot: Slot): Giver {
    return { source: this.#by.source, group: this.#by.granted?.get(slot) }
  }

  #put(slot: Slot, value: Json | undefined, { source, group }: Giver): void {
    const owner = ownerOf(this.#user.provenance, slot)
    const old = this.#inForce.get(slot)
    if (!sameJson(old, value)) this.#differences.push(differenceInElements(slot, old, value))
    if (owner?.before === source && owner.source !== source) this.#contested.push(slot)
    this.#owners.set(slot, value === undefined ? undefined : nextOwner(source, this.#by.now, owner, group))
    this.#inForce.set(slot, value)
  }

  /** One element of a list is primary in force: what another source keeps so stays so, and what comes is second to it. */
  #isSecond(slot: Slot): boolean {
    const attribute = slot.slice(0, slot.indexOf('[') + 1)
    for (const [other, value] of this.#inForce) {
      if (other.startsWith(attribute) && hasPrimary(value) && this.#isAnothers(other)) return true
    }
    return false
  }

  #isAnothers(slot: Slot): boolean {
    if (this.#touched.has(slot)) return this.#isKept(slot, this.#sent.get(slot))
    return this.#user.claims?.some((claim) => claim.source === this.#by.source && claim.slot === slot) ?? false
  }

  #putSecond(slot: Slot, value: readonly Json[]): void {
    this.#withhold(slot, value)
    const second = demoted(value)
    if (!sameJson(this.#inForce.get(slot), second)) this.#put(slot, second, this.#sender(slot))
  }
}

/** Whose a value is: that of a source, which gave it for itself or because of a group. */
type Giver = { readonly source: Source; readonly group?: string | undefined }

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

function touchedSlots(before: ReadonlyMap<Slot, Json>, after: ReadonlyMap<Slot, Json>): Set<Slot> {
  const touched = new Set<Slot>()
  for (const [slot, value] of after) if (!sameJson(before.get(slot), value)) touched.add(slot)
  for (const slot of before.keys()) if (!after.has(slot) && slot !== 'active') touched.add(slot)
  return touched
}

function rebuilt(resource: Resource, before: ReadonlyMap<Slot, Json>, after: ReadonlyMap<Slot, Json | undefined>): Resource {
  let next = resource
  for (const [slot, value] of after) if (!sameJson(before.get(slot), value)) next = withSlot(next, slot, value)
  return next
}

function allNew(wanted: Resource, { source, now }: By): Settled {
  const provenance = [{ source, at: now, slots: slotNamesOf(wanted) }]
  return { resource: wanted, provenance, claims: [], differences: [], withheld: [], contested: [] }
}

function asItWas({ resource, provenance, claims = [] }: User): Settled {
  return { resource, provenance, claims, differences: [], withheld: [], contested: [] }
}

function hasPrimary(value: Json | undefined): value is readonly Json[] {
  return isList(value) && value.some((element) => isObject(element) && element.primary === true)
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

/** Whether two lists of claims say the same. */
export function sameClaims(a: readonly Claim[], b: readonly Claim[]): boolean {
  return a.length === b.length && a.every((claim) => b.includes(claim))
}
