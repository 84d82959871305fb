/**
 * The upsert: every channel ends here.
 *
 * Look up -> match -> edit -> validate -> write -> record, for a batch at once, in a constant number of round trips
 * to the store (two look-ups, and one write a wave; a second wave only where a key goes from one person to another).
 * One person never becomes two records, whoever else writes at the same time: the store's unique keys and versions
 * decide, and a change that lost a race is planned again on the record as it then is. A batch that was interrupted
 * anywhere can be sent again and ends in the same state.
 */
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import type { Lane, Store } from '../store/store.ts'
import type { Change, Outcome } from './change.ts'
import type { Institution } from './institution.ts'
import type { Plan, PlanContext } from './plan.ts'
import { plan } from './plan.ts'
import type { Key, Keys, User } from './user.ts'
import { wavesOf } from './waves.ts'
import type { Entry } from './working-set.ts'
import { WorkingSet } from './working-set.ts'

/** How many changes are planned before others get their turn on the thread. */
const SLICE = 20
const DEADLINE_MS = 5_000
const LONGEST_PAUSE_MS = 200

export type ApplyOptions = {
  readonly lane?: Lane
  /** Says what would happen and writes nothing. */
  readonly dryRun?: boolean
  /** Epoch milliseconds. */
  readonly now?: () => number
  /** 0 to 1. */
  readonly random?: () => number
}

/**
 * @param changes in their order: of several about one person each sees what the ones before it did
 * @returns what became of each; `busy` for those that lost every race for 5 s
 * @throws {StoreError} when the store failed: some changes may be done, each wholly or not at all
 */
export async function apply(
  store: Store,
  institution: Institution,
  changes: readonly Change[],
  { lane = 'request', dryRun = false, now = Date.now, random = Math.random }: ApplyOptions = {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = changes.map(() => ({ kind: 'busy' }))
  const deadline = now() + DEADLINE_MS
  let pending = changes.map((_, index) => index)
  for (let attempt = 0; pending.length > 0; attempt++) {
    if (attempt > 0) {
      if (now() >= deadline) break
      await wait(random() * Math.min(2 ** attempt, LONGEST_PAUSE_MS))
    }
    const tried = await attemptOf(
      store,
      institution,
      pending.map((index) => changes[index] as Change),
      now(),
    )
    const failed = dryRun ? new Set<string>() : await record(store, tried.entries, lane, now())
    const again: number[] = []
    for (const [position, index] of pending.entries()) {
      const { outcome, restsOn } = tried.plans[position] as Plan
      if (restsOn.some((id) => failed.has(id))) again.push(index)
      else outcomes[index] = outcome
    }
    pending = again
  }
  return outcomes
}

type Attempt = { readonly plans: readonly Plan[]; readonly entries: readonly Entry[] }

/** Plans on what the store holds of all that the changes name; once more when their results name keys not looked up yet. */
async function attemptOf(store: Store, institution: Institution, changes: readonly Change[], now: number): Promise<Attempt> {
  const wanted = wantedBy(changes)
  let users = await lookUp(store, institution, wanted)
  for (;;) {
    const set = new WorkingSet(users)
    const plans = await planAll(changes, { institution, set, now })
    const entries = set.changed()
    const more = wanted.lacking(entries.flatMap(newKeys))
    const found = (await lookUp(store, institution, more)).filter((user) => set.byId(user._id) === undefined)
    if (found.length === 0) return { plans, entries }
    wanted.merge(more)
    users = [...users, ...found]
  }
}

async function planAll(changes: readonly Change[], context: PlanContext): Promise<Plan[]> {
  const plans: Plan[] = []
  for (const [index, change] of changes.entries()) {
    if (index > 0 && index % SLICE === 0) await nextTurn()
    plans.push(plan(change, context))
  }
  return plans
}

function wantedBy(changes: readonly Change[]): Wanted {
  const wanted = new Wanted()
  for (const { target } of changes) {
    if ('id' in target) wanted.ids.add(target.id)
    else wanted.addKeys(target.keys)
  }
  return wanted
}

function newKeys({ stored, next }: Entry): [string, string][] {
  return Object.entries(next.keys).filter(([key, value]) => stored?.keys[key] !== value)
}

/** Ids and folded keys to look up, each once. */
class Wanted {
  readonly ids = new Set<string>()
  readonly #values = new Map<string, Set<string>>()

  get isEmpty(): boolean {
    return this.ids.size === 0 && this.#values.size === 0
  }

  get keys(): { [key: string]: string[] } {
    return Object.fromEntries([...this.#values].map(([key, values]) => [key, [...values]]))
  }

  lacking(keys: readonly (readonly [string, string])[]): Wanted {
    const lacking = new Wanted()
    for (const [key, value] of keys) if (!this.#values.get(key)?.has(value)) lacking.add(key, value)
    return lacking
  }

  add(key: string, value: string): void {
    const values = this.#values.get(key)
    if (values === undefined) this.#values.set(key, new Set([value]))
    else values.add(value)
  }

  /** The e-mail is asked for as userName too, since that is what a derived userName will be. */
  addKeys(keys: Keys): void {
    for (const key of Object.keys(keys) as Key[]) this.add(key, keys[key] as string)
    if (keys.email !== undefined) this.add('userName', keys.email)
  }

  merge(other: Wanted): void {
    for (const [key, values] of other.#values) for (const value of values) this.add(key, value)
  }
}

async function lookUp(store: Store, institution: Institution, wanted: Wanted): Promise<User[]> {
  if (wanted.isEmpty) return []
  return (await store.lookUp('users', institution._id, { ids: [...wanted.ids], keys: wanted.keys })) as User[]
}

/** Writes wave by wave. @returns the ids that could not be written, and those that would have come after them */
async function record(store: Store, entries: readonly Entry[], lane: Lane, now: number): Promise<Set<string>> {
  const failed = new Set<string>()
  const waves = wavesOf(entries, now)
  for (const [index, wave] of waves.entries()) {
    const results = await store.write(
      wave.map(({ write }) => write),
      lane,
    )
    for (const [position, { id }] of wave.entries()) if (results[position]?.kind !== 'ok') failed.add(id)
    if (failed.size === 0) continue
    for (const { id } of waves.slice(index + 1).flat()) failed.add(id)
    break
  }
  return failed
}
