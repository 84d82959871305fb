/**
 * What a change did to a record, slot by slot, as the audit trail tells it.
 */
import { isList } from './json.ts'
import { slotsOf } from './slots.ts'
import type { Json, Resource, Slot } from './user.ts'

export type Difference = { readonly slot: Slot; readonly old?: Json; readonly new?: Json }

export function differenceOf(slot: Slot, old: Json | undefined, value: Json | undefined): Difference {
  if (old === undefined) return value === undefined ? { slot } : { slot, new: plain(value) }
  return value === undefined ? { slot, old: plain(old) } : { slot, old: plain(old), new: plain(value) }
}

/** As `differenceOf`, of a slot with many elements only those that came or went: the trail of a long list stays short. */
export function differenceInElements(slot: Slot, old: Json | undefined, value: Json | undefined): Difference {
  if (isList(old) && isList(value) && old.length + value.length > 2) {
    const went = lacking(old, value)
    const came = lacking(value, old)
    if (went.length + came.length > 0)
      return differenceOf(slot, went.length > 0 ? went : undefined, came.length > 0 ? came : undefined)
  }
  return differenceOf(slot, old, value)
}

/** What the making of a record sets. */
export function differencesFromNothing(resource: Resource): Difference[] {
  return Array.from(slotsOf(resource), ([slot, value]) => differenceOf(slot, undefined, value))
}

function lacking(list: readonly Json[], other: readonly Json[]): readonly Json[] {
  const there = new Set(other.map((element) => JSON.stringify(element)))
  return list.filter((element) => !there.has(JSON.stringify(element)))
}

/** A slot with one element is told as that element. */
function plain(value: Json): Json {
  return isList(value) && value.length === 1 ? (value[0] as Json) : value
}
