/**
 * Writing groups: what arrives for one group while a write of it is under way goes together into the next one, so that
 * a hundred clients who move its version at once are two writes and no race. No timers: whoever comes alone goes at once.
 * Between processes the store's versions decide, and who lost is planned again on the group as it then is.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Store } from '../../store/store.ts'
import { foldText } from '../keys.ts'
import type { Group } from './group.ts'
import { findGroup } from './group.ts'
import type { By } from './membership.ts'
import { byOf } from './membership.ts'
import type { GroupChange, GroupOutcome } from './plan.ts'
import { planGroup } from './plan.ts'

const DEADLINE_MS = 5_000
const LONGEST_PAUSE_MS = 200

export type GroupWrites = {
  /** @param known the group as the caller has just read it: it is read again only where others have changed it since */
  write(institution: string, change: GroupChange, known?: Known): Promise<GroupOutcome>
}

/** What there was when it was looked up. */
export type Known = { readonly group: Group | undefined }

type Waiting = {
  readonly change: GroupChange
  readonly resolve: (outcome: GroupOutcome) => void
  readonly reject: (error: unknown) => void
}

export function openGroupWrites(store: Store, now: () => number = Date.now): GroupWrites {
  const queues = new Map<string, Waiting[]>()

  async function run(institution: string, name: string, queue: Waiting[], known?: Known): Promise<void> {
    // Of those who come later nobody can tell whether they know more.
    for (let first = known; queue.length > 0; first = undefined) {
      const waiting = queue.splice(0)
      try {
        const outcomes = await writeTogether(
          store,
          institution,
          waiting.map(({ change }) => change),
          now,
          first,
        )
        for (const [index, { resolve }] of waiting.entries()) resolve(outcomes[index] as GroupOutcome)
      } catch (error) {
        for (const { reject } of waiting) reject(error)
      }
    }
    queues.delete(name)
  }

  return {
    write(institution, change, known) {
      const { target } = change
      const name = `${institution} ${'id' in target ? target.id : `"${foldText(target.displayName)}"`}`
      return new Promise((resolve, reject) => {
        const running = queues.get(name)
        const queue = running ?? []
        queue.push({ change, resolve, reject })
        if (running !== undefined) return
        queues.set(name, queue)
        void run(institution, name, queue, known)
      })
    },
  }
}

/** Moves the versions of these groups: what somebody sees of their members has changed. */
export async function moveGroups(groups: GroupWrites, institution: string, ids: readonly string[], by: By): Promise<void> {
  const edit: GroupChange['edit'] = (current) => (current === undefined ? { kind: 'missing' } : { moves: true })
  await Promise.all(ids.map((id) => groups.write(institution, { ...byOf(by), target: { id }, edit })))
}

/** @param changes of one group, in their order: each sees what the ones before it did */
async function writeTogether(
  store: Store,
  institution: string,
  changes: readonly GroupChange[],
  now: () => number,
  known?: Known,
): Promise<GroupOutcome[]> {
  const deadline = now() + DEADLINE_MS
  const { target } = changes[0] as GroupChange
  for (let tries = 0; now() < deadline; tries++) {
    if (tries > 0) await wait(Math.random() * Math.min(2 ** tries, LONGEST_PAUSE_MS))
    const { group: stored } = tries === 0 && known !== undefined ? known : { group: await findGroup(store, institution, target) }
    const { group, events, outcomes } = planGroup(institution, changes, stored, now())
    if (group === undefined || group === stored) return outcomes
    const write = { collection: 'groups', doc: group, events } as const
    const [result] = await store.write([
      stored === undefined ? { ...write, op: 'insert' } : { ...write, op: 'replace', expected: stored.version },
    ])
    if (result?.kind === 'ok') return outcomes.map((outcome) => ('group' in outcome ? { ...outcome, group } : outcome))
    if (result?.kind === 'duplicate' && stored !== undefined) return renamed(store, institution, changes, now)
  }
  return changes.map(() => ({ kind: 'busy' }))
}

/** The new name is another group's: of several changes each is tried alone, so that only the one at fault is refused. */
async function renamed(
  store: Store,
  institution: string,
  changes: readonly GroupChange[],
  now: () => number,
): Promise<GroupOutcome[]> {
  if (changes.length === 1) return [{ kind: 'taken' }]
  const outcomes: GroupOutcome[] = []
  for (const change of changes) outcomes.push(...(await writeTogether(store, institution, [change], now)))
  return outcomes
}
