/**
 * Tags as flat fields speak of them: a list replaces; with `keep_existing_user_tags` it adds; `[DELETE]Name` takes one
 * away; `[[CLEAR]]` empties first. Tags are a set: case, composition and order make no difference.
 */
import { foldText } from './keys.ts'

export type TagEdit = {
  /** What is there goes, unless it is named again. */
  readonly replaces: boolean
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

const DELETE = /^\[DELETE\]\s*/i
const CLEAR = /^\[\[CLEAR\]\]$/i

/**
 * @param entries trimmed, none empty
 * @param keeps what is there stays, and the entries are added to it
 */
export function tagEditFrom(entries: readonly string[], keeps: boolean): TagEdit {
  if (!entries.some((entry) => entry.startsWith('['))) return { replaces: !keeps, add: entries, remove: [] }
  const add = entries.filter((entry) => !DELETE.test(entry) && !CLEAR.test(entry))
  const remove = entries.filter((entry) => DELETE.test(entry)).map((entry) => entry.replace(DELETE, ''))
  const clears = entries.some((entry) => CLEAR.test(entry))
  // A list that only takes away is no list to replace the others by.
  const isOnlyRemoval = add.length === 0 && remove.length > 0
  return { replaces: clears || !(keeps || isOnlyRemoval), add, remove }
}

/** @returns the same list where nothing differs, so that a repeated request changes nothing */
export function editTags(there: readonly string[], { replaces, add, remove }: TagEdit): readonly string[] {
  const added = new Map<string, string>()
  for (const tag of add) added.set(foldText(tag), tag)
  if (there.length === 0) return added.size === 0 ? there : [...added.values()]
  const removed = new Set(remove.map(foldText))
  const known = new Set(there.map(foldText))
  const kept = there.filter((tag) => {
    const folded = foldText(tag)
    return added.has(folded) || !(replaces || removed.has(folded))
  })
  const fresh = [...added].filter(([folded]) => !known.has(folded)).map(([, tag]) => tag)
  return fresh.length === 0 && kept.length === there.length ? there : [...kept, ...fresh]
}
