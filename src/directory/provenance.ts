/**
 * Who owns which slot. Slots that one write gave to one source stand together, since a record has many slots and few owners.
 */
import type { Owner, Provenance, Slot } from './user.ts'

export function ownerOf(provenance: Provenance, slot: Slot): Owner | undefined {
  return provenance.find(({ slots }) => slots.includes(slot))
}

/** Every slot with its owner, in no order. */
export function* slotOwners(provenance: Provenance): Generator<[Slot, Owner]> {
  for (const { slots, ...owner } of provenance) for (const slot of slots) yield [slot, owner]
}

/** The provenance after slots went to new owners, or to none (undefined). */
export function withOwners(provenance: Provenance, changed: ReadonlyMap<Slot, Owner | undefined>): Provenance {
  if (changed.size === 0) return provenance
  const next: { owner: Owner; slots: Slot[] }[] = []
  for (const { slots, ...owner } of provenance) {
    const kept = slots.filter((slot) => !changed.has(slot))
    if (kept.length > 0) next.push({ owner, slots: kept })
  }
  for (const [slot, owner] of changed) {
    if (owner === undefined) continue
    const group = next.find((one) => isSame(one.owner, owner))
    if (group === undefined) next.push({ owner, slots: [slot] })
    else group.slots.push(slot)
  }
  return next.map(({ owner, slots }) => ({ ...owner, slots }))
}

function isSame(a: Owner, b: Owner): boolean {
  return a.source === b.source && a.at === b.at && a.before === b.before && a.group === b.group
}
