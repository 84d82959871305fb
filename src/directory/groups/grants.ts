/**
 * What groups mean on campus (`groups.map`): being in one, directly or through another, gives a person an account type
 * or tags; leaving it takes them away, unless another group gives them too. Of several account types the first in the
 * order of the map counts.
 */
import type { Store } from '../../store/store.ts'
import type { Current, Draft } from '../change.ts'
import type { Institution } from '../institution.ts'
import { isList, isObject } from '../json.ts'
import { foldText } from '../keys.ts'
import { ownerOf } from '../provenance.ts'
import type { GroupMeaning, Settings } from '../settings.ts'
import { DEFAULT_ACCOUNT_TYPES } from '../settings.ts'
import { withSlot } from '../slots.ts'
import type { Json, Resource, Slot, User } from '../user.ts'
import { MAX_ELEMENTS } from '../validate.ts'
import type { Group } from './group.ts'
import { groupsDownward } from './group.ts'

/** A mapped group, and the ids of the groups whose members have what it means: its own and those that lie in it. */
type Grant = GroupMeaning & { readonly name: string; readonly through: ReadonlySet<string> }

/** In the order of the map. */
export type Grants = readonly Grant[]

const TYPE: Slot = 'userType'

/** Whether being in a group of this name means something. */
export function isMapped({ settings }: Institution, displayName: string): boolean {
  const name = foldText(displayName)
  return Object.keys(settings.groups?.map ?? {}).some((mapped) => foldText(mapped) === name)
}

/** Whether being in any group may mean something. */
export function isAnyMapped({ settings }: Institution): boolean {
  return Object.keys(settings.groups?.map ?? {}).length > 0
}

/** @returns undefined when no group means anything: then nothing is read */
export async function readGrants(store: Store, institution: Institution): Promise<Grants | undefined> {
  if (!isAnyMapped(institution)) return undefined
  const { _id, settings } = institution
  const map = Object.entries(settings.groups?.map ?? {})
  const groups = (await store.lookUp('groups', _id, { keys: { name: map.map(([name]) => foldText(name)) } })) as Group[]
  const ids = groups.map((group) => group._id)
  const inside = [...(await groupsDownward(store, _id, ids)).values()]
  return map.flatMap(([name, meaning]) => {
    const group = groups.find(({ keys }) => keys.name === foldText(name))
    return group === undefined ? [] : [{ ...spelled(meaning, settings), name, through: within(group, inside) }]
  })
}

/** Whether the same groups mean the same to the same people. @param a and `b` are of one institution and its settings */
export function sameGrants(a: Grants | undefined, b: Grants | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((one, at) => one.name === b[at]?.name && isSameSet(one.through, b[at].through))
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((id) => b.has(id))
}

/** Its id, and those of the groups that lie in it. */
function within({ _id }: Group, groups: readonly Group[]): ReadonlySet<string> {
  const ids = new Set([_id])
  // Those that are found are gone through as well.
  for (const id of ids) for (const { _id, memberOf } of groups) if (memberOf.includes(id)) ids.add(_id)
  return ids
}

/** The account type as the institution's list has it. */
function spelled(meaning: GroupMeaning, { accountTypes = DEFAULT_ACCOUNT_TYPES }: Settings): GroupMeaning {
  const { accountType } = meaning
  if (accountType === undefined) return meaning
  return { ...meaning, accountType: accountTypes.find((type) => foldText(type) === foldText(accountType)) ?? accountType }
}

/** The record with what these groups mean and without what others meant, as part of a draft. */
export function granted(current: Current, memberOf: readonly string[], grants: Grants): Pick<Draft, 'resource' | 'granted'> {
  const held = grants.filter(({ through }) => memberOf.some((id) => through.has(id)))
  const given = new Map<Slot, { readonly value: string; readonly group: string }>()
  for (const { name, accountType, tags = [] } of held) {
    if (accountType !== undefined && !given.has(TYPE)) given.set(TYPE, { value: accountType, group: name })
    for (const tag of tags) if (!given.has(tagSlot(tag))) given.set(tagSlot(tag), { value: tag, group: name })
  }
  let { resource } = current
  for (const slot of givenSlots(current)) if (!given.has(slot)) resource = withoutGift(resource, slot, current.user)
  for (const [slot, { value }] of given) {
    if (!has(resource, slot, value) && hasRoom(resource, slot)) resource = withSlot(resource, slot, value)
  }
  return { resource, granted: new Map(Array.from(given, ([slot, { group }]) => [slot, group])) }
}

function tagSlot(tag: string): Slot {
  return `campus.tags[${foldText(tag)}]`
}

/** Slots whose value, in force or claimed by this source, is there because of a group. */
function givenSlots({ user, resource }: Current): Slot[] {
  const slots = [TYPE, ...tagsOf(resource).map(tagSlot)]
  return slots.filter((slot) => {
    return ownerOf(user.provenance, slot)?.group !== undefined || user.claims?.some((one) => one.slot === slot && one.group)
  })
}

/** A claim gives way to what is in force; what is in force by a group goes, and what another source claims comes. */
function withoutGift(resource: Resource, slot: Slot, user: User): Resource {
  const isInForce = ownerOf(user.provenance, slot)?.group !== undefined
  return withSlot(resource, slot, isInForce ? undefined : valueIn(user.resource, slot))
}

function has(resource: Resource, slot: Slot, value: string): boolean {
  return slot === TYPE ? resource.userType === value : valueIn(resource, slot) !== undefined
}

/** Whoever has as many tags as a person may have is in the group all the same. */
function hasRoom(resource: Resource, slot: Slot): boolean {
  return slot === TYPE || tagsOf(resource).length < MAX_ELEMENTS
}

function valueIn(resource: Resource, slot: Slot): Json | undefined {
  return slot === TYPE ? resource.userType : tagsOf(resource).find((tag) => tagSlot(tag) === slot)
}

function tagsOf({ campus }: Resource): readonly string[] {
  const tags = isObject(campus) ? campus.tags : undefined
  return isList(tags) ? tags.filter((tag) => typeof tag === 'string') : []
}
