/**
 * In which order the records of one batch are written: who takes a key comes after who frees it.
 * Each wave is one call of the store, whose writes do not depend on each other.
 */
import type { Write } from '../store/store.ts'
import { newId } from './ids.ts'
import type { ResourceSchema } from './schema.ts'
import { searchOf } from './search.ts'
import type { User } from './user.ts'
import type { Entry } from './working-set.ts'
import { namesOf } from './working-set.ts'

export type Planned = { readonly id: string; readonly write: Write }

/**
 * Where keys go round in a circle, one record of it is written without its key first, under a version of its own;
 * that write has no event, since no value of the person differs.
 * @param now epoch milliseconds
 * @param schema of the institution's users
 */
export function wavesOf(entries: readonly Entry[], now: number, schema: ResourceSchema): Planned[][] {
  const freedBy = new Map<string, Entry>()
  for (const entry of entries) for (const name of freedNames(entry)) freedBy.set(name, entry)
  if (freedBy.size === 0)
    return entries.length === 0 ? [] : [entries.map((entry) => plannedOf(entry, entry.stored?.version, schema))]
  const waiting = new Map(entries.map((entry) => [entry, predecessors(entry, freedBy)]))
  const expected = new Map(entries.map((entry) => [entry, entry.stored?.version]))
  const waves: Planned[][] = []
  while (waiting.size > 0) {
    const ready = [...waiting].filter(([, before]) => [...before].every((entry) => !waiting.has(entry))).map(([entry]) => entry)
    if (ready.length > 0) {
      waves.push(ready.map((entry) => plannedOf(entry, expected.get(entry), schema)))
      for (const entry of ready) waiting.delete(entry)
      continue
    }
    const holder = inCircle(waiting)
    const cleared = withoutFreed(holder, now, schema)
    waves.push([
      { id: cleared._id, write: { collection: 'users', op: 'replace', doc: cleared, expected: expected.get(holder) as string } },
    ])
    expected.set(holder, cleared.version)
    for (const before of waiting.values()) before.delete(holder)
  }
  return waves
}

function predecessors(entry: Entry, freedBy: ReadonlyMap<string, Entry>): Set<Entry> {
  const before = new Set<Entry>()
  for (const name of namesOf(entry.next)) {
    const other = freedBy.get(name)
    if (other !== undefined && other !== entry) before.add(other)
  }
  return before
}

function freedNames({ stored, next }: Entry): string[] {
  const freed: string[] = []
  for (const key in stored?.keys) if (stored.keys[key] !== next.keys[key]) freed.push(`${key}:${stored.keys[key]}`)
  return freed
}

/** Every waiting entry waits for another one: whoever is met twice on the way stands in a circle. */
function inCircle(waiting: ReadonlyMap<Entry, ReadonlySet<Entry>>): Entry {
  const seen = new Set<Entry>()
  let [here] = waiting.keys() as Iterable<Entry> as [Entry]
  while (!seen.has(here)) {
    seen.add(here)
    here = [...(waiting.get(here) as ReadonlySet<Entry>)].find((entry) => waiting.has(entry)) as Entry
  }
  return here
}

function withoutFreed(entry: Entry, now: number, schema: ResourceSchema): User {
  const stored = entry.stored as User
  const kept = new Set(namesOf(entry.next))
  const keys = Object.fromEntries(Object.entries(stored.keys).filter(([key, value]) => kept.has(`${key}:${value}`)))
  // A read brings no `search`, and without one the record would be found by nothing until its next write.
  return { ...stored, keys, version: newId(now), search: searchOf(stored, schema) }
}

/** What filters can ask for is made here and not with each change: a rehearsal writes nothing, and of many changes of one record the last counts. */
function plannedOf({ next, events }: Entry, expected: string | undefined, schema: ResourceSchema): Planned {
  const doc = { ...next, search: searchOf(next, schema) }
  const base = { collection: 'users', doc, events } as const
  return { id: next._id, write: expected === undefined ? { ...base, op: 'insert' } : { ...base, op: 'replace', expected } }
}
