/**
 * What was done for which day: a process that dies over it leaves the day undone, and another one does it.
 */
import { DAY_MS } from '../days.ts'
import { newId } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import type { Doc, Store } from '../store/store.ts'

/** Another time of day or time zone puts the day off by less; what was done later still was done by a clock that went wrong. */
const MOST_AHEAD_MS = 3 * DAY_MS

type Done = Doc & { readonly due: number }

/** @param due the day's instant, epoch milliseconds; nothing was due before the institution was made */
export async function isDone(store: Store, institution: Institution, name: string, due: number): Promise<boolean> {
  const done = (await last(store, institution, name))?.due ?? institution.created
  return due <= done && done - due < MOST_AHEAD_MS
}

export async function markDone(store: Store, institution: Institution, name: string, due: number): Promise<void> {
  const known = await last(store, institution, name)
  const doc: Done = { _id: idOf(institution, name), institution: institution._id, version: newId(Date.now()), due }
  // Where somebody else marks it at the same time, it is marked.
  await store.write([
    known === undefined
      ? { collection: 'leases', op: 'insert', doc }
      : { collection: 'leases', op: 'replace', doc, expected: known.version },
  ])
}

async function last(store: Store, institution: Institution, name: string): Promise<Done | undefined> {
  return (await store.get('leases', institution._id, idOf(institution, name))) as Done | undefined
}

function idOf({ _id }: Institution, name: string): string {
  return `${_id}/${name}.day`
}
