/**
 * Which sources an institution ranks for a slot (`authority` in its settings), highest first.
 */
import { FIELDS } from './fields.ts'
import type { Institution } from './institution.ts'
import { foldText } from './keys.ts'
import { dottedName, USER } from './schema.ts'
import type { Ranking } from './settle.ts'
import type { Slot } from './user.ts'

const known = new WeakMap<Institution, Ranking>()

/** A slot is ranked by its own entry, else by that of its attribute (`emails` for `emails[work]`, `name` for `name.givenName`). */
export function rankingOf(institution: Institution): Ranking {
  const cached = known.get(institution)
  if (cached !== undefined) return cached
  const ranking = rankingFrom(institution.settings.authority ?? {})
  known.set(institution, ranking)
  return ranking
}

function rankingFrom(authority: { readonly [slot: Slot]: readonly string[] }): Ranking {
  const bySlot = new Map<string, readonly string[]>()
  for (const [name, sources] of Object.entries(authority)) {
    const field = FIELDS.find((one) => one.name === name)
    bySlot.set(field === undefined ? folded(name) : slotOf(field.path), sources)
  }
  if (bySlot.size === 0) return () => undefined
  return (slot) => {
    const exact = bySlot.get(slot)
    if (exact !== undefined) return exact
    const bracket = slot.indexOf('[')
    const attribute = bracket < 0 ? slot : slot.slice(0, bracket)
    return bySlot.get(attribute) ?? bySlot.get(attribute.slice(0, Math.max(0, attribute.lastIndexOf('.')))) ?? undefined
  }
}

/** `emails[work]` for `emails[Work]`: what stands in brackets ignores case, as it does in a slot. */
function folded(name: string): Slot {
  return name.replace(/\[.*\]$/, foldText)
}

/** `phoneNumbers[work]` for `phoneNumbers[type eq "work"].value`. */
function slotOf(path: string): Slot {
  const [, attribute, type] = /^(\w+)\[type eq "(\w+)"\]/.exec(path) ?? []
  if (attribute !== undefined) return `${attribute}[${type}]`
  const resolved = USER.resolve(path)
  return resolved === undefined ? path : dottedName(resolved)
}
