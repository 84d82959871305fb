/**
 * What happened to a record, told in flat fields: what a change changed, what was withheld, who owns what, and the
 * audit trail. A slot can be several fields (`addresses[work]`), so each is told by what it makes of a record.
 */
import type { Change, Outcome } from './change.ts'
import type { Difference } from './difference.ts'
import { fieldNamed } from './fields.ts'
import type { FlatUser } from './flat-record.ts'
import { changedFields, flatUserOf, getField } from './flat-record.ts'
import { sameJson } from './json.ts'
import { slotOwners } from './provenance.ts'
import { seenBy } from './settle.ts'
import { slotsOf, withSlot } from './slots.ts'
import type { Json, Owner, Resource, Slot, Source, User } from './user.ts'

type Done = Extract<Outcome, { readonly user: User }>

/** The fields that the change gave another value. */
export function fieldsChanged({ kind, before, user }: Done): string[] {
  return kind === 'unchanged' ? [] : changedFields(before?.resource ?? NOBODY, user.resource)
}

/**
 * The fields that the change sent and a higher-ranked source keeps: told each time, also when the record knows already
 * that its source would have them otherwise.
 */
export function fieldsWithheld({ source, unmetIn }: Change, { withheld, user }: Done): string[] {
  const status = withheld.includes('active') ? ['account_status'] : []
  if (unmetIn === undefined || user.claims === undefined) return status
  const claimed = changedFields(user.resource, seenBy(user, source))
  return [...unmetIn(user.resource).filter((field) => claimed.includes(field)), ...status]
}

export type ToldDifference = { readonly field?: string; readonly slot: Slot; readonly old?: Json; readonly new?: Json }

/** One difference of an event: by field where it is one or several fields, as it is otherwise. */
export function toldDifferences(difference: Difference): ToldDifference[] {
  const before = alone(difference.slot, difference.old)
  const after = alone(difference.slot, difference.new)
  const fields = changedFields(before, after)
  if (fields.length === 0) return [difference]
  const old = flatUserOf(before)
  const next = flatUserOf(after)
  return fields.map((field) => ({
    field,
    slot: difference.slot,
    ...valueAt('old', old, field, difference.old),
    ...valueAt('new', next, field, difference.new),
  }))
}

function valueAt(side: 'old' | 'new', flat: FlatUser, field: string, sent: Json | undefined): { readonly [side: string]: Json } {
  const value = flat[field]
  // A status is always one or the other; the event of a new person has had none before.
  return sent === undefined || value === undefined ? {} : { [side]: value as Json }
}

/** Of each field that has a value, who gave it and when; of tags, the last who did. */
export function fieldOwners(user: User): { readonly [field: string]: { readonly source: Source; readonly at: number } } {
  const owners: { [field: string]: Owner } = {}
  const inForce = slotsOf(user.resource)
  for (const [slot, owner] of slotOwners(user.provenance)) {
    for (const name of fieldsOf(user.resource, slot, inForce.get(slot))) {
      const known = owners[name]
      if (known === undefined || known.at < owner.at) owners[name] = owner
    }
  }
  return Object.fromEntries(Object.entries(owners).map(([field, { source, at }]) => [field, { source, at }]))
}

/** The fields of a record that this slot alone gives their value. */
function fieldsOf(resource: Resource, slot: Slot, value: Json | undefined): string[] {
  if (slot === 'active') return ['account_status']
  const there = alone(slot, value)
  return changedFields(NOBODY, there).filter((name) => {
    const field = fieldNamed(name)
    if (field === undefined) return false
    return field.type === 'tags' || sameJson(getField(there, field), getField(resource, field))
  })
}

const NOBODY: Resource = {}

/** A record with this slot and nothing else. */
function alone(slot: Slot, value: Json | undefined): Resource {
  return value === undefined ? NOBODY : withSlot(NOBODY, slot, value)
}
