/**
 * One change against the roll as it will be: match, edit, settle, validate. Pure but for the working set it fills.
 */
import { rankingOf } from './authority.ts'
import { bindingDifferences, bindingOf } from './binding.ts'
import type { Change, Current, Draft, Outcome, Refusal } from './change.ts'
import type { Difference } from './difference.ts'
import { eventOf, kindOf } from './event.ts'
import { newId, newVersion } from './ids.ts'
import type { Institution } from './institution.ts'
import { keysOf } from './keys.ts'
import { conflictOf, DEFAULT_RULES, givesUpKeys, match } from './match.ts'
import type { Body } from './record.ts'
import { bodyOf, keysRegained } from './record.ts'
import type { Settled } from './settle.ts'
import { sameClaims, seenBy, settle } from './settle.ts'
import type { Key, Keys, User } from './user.ts'
import { problemsOf } from './validate.ts'
import type { WorkingSet } from './working-set.ts'

export type PlanContext = {
  readonly institution: Institution
  readonly set: WorkingSet
  /** Epoch milliseconds. */
  readonly now: number
}

export type Plan = {
  readonly outcome: Outcome
  /** The records that the outcome rests on: when one of them cannot be written, the change is planned again. */
  readonly restsOn: readonly string[]
}

type Met = { readonly user: User; readonly on: Key | 'id' }

/** Plans the change; where it does something, the working set holds the record as it then is, and its event. */
export function plan(change: Change, context: PlanContext): Plan {
  const planned = planOnRoll(change, context)
  const { faults } = change
  if (faults === undefined || planned.outcome.kind === 'invalid') return planned
  // Whose record it is matters when what was sent is mended.
  return { ...planned, outcome: { kind: 'invalid', problems: faults } }
}

function planOnRoll(change: Change, context: PlanContext): Plan {
  const met = meet(change, context)
  if (met !== undefined && 'kind' in met) return refused(met)
  const user = met?.user
  if (user === undefined && change.intent !== 'upsert' && change.intent !== 'create') return refused({ kind: 'missing' })
  if (user !== undefined && change.ifVersion?.(user.version) === false) {
    return refused({ kind: 'stale', version: user.version }, user._id)
  }
  const current = user === undefined ? undefined : currentOf(user, change)
  const draft = change.edit(current, { now: context.now })
  if ('kind' in draft) return refused(draft, user?._id)
  return carryOut(change, { met, current, draft }, context)
}

/** @param id of the record that the change is about, where it is known */
function refused(outcome: Outcome, id?: string): Plan {
  const others = outcome.kind === 'conflict' ? outcome.records : []
  return { outcome, restsOn: id === undefined ? others : [id, ...others] }
}

function meet(change: Change, context: PlanContext): Met | Refusal | undefined {
  const { set, institution, now } = context
  if ('id' in change.target) {
    const user = set.byId(change.target.id)
    return user === undefined ? { kind: 'missing' } : { user, on: 'id' }
  }
  const { keys } = change.target
  const { matchOrder, keyHoldDays } = institution.settings
  const rules = { order: matchOrder ?? DEFAULT_RULES.order, keyHoldDays: keyHoldDays ?? DEFAULT_RULES.keyHoldDays, now }
  const met = match(change, keys, set.holder, rules)
  if (met !== undefined && 'kind' in met) return met
  return conflictOf(change, keys, met?.user, set.holder) ?? met
}

function currentOf(user: User, change: Change): Current {
  const binding = bindingOf(user.bindings, change.source)
  const resource = seenBy(user, change.source)
  return binding === undefined ? { user, resource } : { user, resource, binding }
}

type Edited = { readonly met: Met | undefined; readonly current: Current | undefined; readonly draft: Draft }

function carryOut(change: Change, { met, current, draft }: Edited, context: PlanContext): Plan {
  const { set, institution, now } = context
  const user = met?.user
  const settled = settledFor(change, current, draft, context)
  const id = user?._id ?? newId(now)
  const body = bodyOf({
    user,
    id,
    settled,
    draft,
    change,
    institution,
    now,
    isFree: (name) => isFree(name, id, change, set),
    isHeld: (key, value) => (set.holder(key, value)?._id ?? id) !== id,
  })
  const conflict = conflictOf(change, keysTaken(body, draft), user, set.holder)
  if (conflict !== undefined) return refused(conflict, id)
  const differences = [
    ...settled.differences,
    ...bindingDifferences(user?.bindings ?? [], body.bindings),
    ...(draft.membership?.told ?? []),
    ...keysRegained(user, body),
  ]
  if (user !== undefined && differences.length === 0 && saysTheSame(user, settled, body)) {
    return { outcome: done(met, user, differences, settled), restsOn: [id] }
  }
  const problems = problemsOf(body.resource)
  if (problems.length > 0) return refused({ kind: 'invalid', problems }, id)
  releaseKeys(change, body, context)
  const next = recordOf(body, user, now)
  const kind = kindOf(change, user === undefined, differences)
  const { withheld, contested } = settled
  const made = user === undefined ? settled : undefined
  set.put(next, eventOf({ kind, user: next, change, matchedOn: met?.on, differences, withheld, contested, made }))
  return { outcome: done(met, next, differences, settled), restsOn: [id] }
}

function settledFor(change: Change, current: Current | undefined, draft: Draft, { institution, now }: PlanContext): Settled {
  const { source, reactivates } = change
  const by = { source, now, ranking: rankingOf(institution), granted: draft.granted, reactivates }
  const settled = settle(current, draft.resource, by)
  return current === undefined || draft.granted !== undefined ? withDefaults(settled, institution) : settled
}

function done(met: Met | undefined, user: User, differences: readonly Difference[], { withheld }: Settled): Outcome {
  const changed = differences.map(({ slot }) => slot)
  if (met === undefined) return { kind: 'created', user, changed, withheld }
  return {
    kind: user === met.user ? 'unchanged' : 'updated',
    user,
    before: met.user,
    matchedOn: met.on,
    changed,
    withheld,
  }
}

/**
 * A new person gets the institution's default account type where the channel sent none, and so does who has left the
 * group that gave another; no source owns it.
 */
function withDefaults(settled: Settled, institution: Institution): Settled {
  const { defaultAccountType: userType } = institution.settings
  if (settled.resource.userType !== undefined || userType === undefined) return settled
  const differences = [...settled.differences, { slot: 'userType', new: userType }]
  return { ...settled, resource: { ...settled.resource, userType }, differences }
}

/** A derived userName gives way to whoever has the name. */
function isFree(userName: string, id: string, change: Change, set: WorkingSet): boolean {
  const holder = set.holder('userName', userName)
  return holder === undefined || holder._id === id || givesUpKeys(holder, change, { userName })
}

/** Whoever takes a record on takes all that it shows: also a key that has gone to another person. */
function keysTaken({ releasedKeys, resource, keys }: Body, { binding }: Draft): Keys {
  return releasedKeys !== undefined && binding?.state === 'bound' ? keysOf(resource) : keys
}

/** The same but for claims, or for whether the name is derived. */
function saysTheSame(user: User, settled: Settled, body: Body): boolean {
  return sameClaims(user.claims ?? [], settled.claims) && user.userNameIsDerived === body.userNameIsDerived
}

/** Takes the keys that the record needs from those who give them up: it is written after them. */
function releaseKeys(change: Change, body: Body, context: PlanContext): void {
  for (const name in body.keys) {
    const key = name as Key
    const value = body.keys[key] as string
    const holder = context.set.holder(key, value)
    if (holder === undefined || holder._id === body._id) continue
    const { [key]: _, ...keys } = holder.keys
    const next = recordOf({ ...holder, keys, releasedKeys: [...(holder.releasedKeys ?? []), key] }, holder, context.now)
    const differences = [{ slot: `key[${key}]`, old: value }]
    context.set.put(next, eventOf({ kind: 'user.key_released', user: next, change, differences }))
  }
}

function recordOf(body: Body, before: User | undefined, now: number): User {
  return { ...body, version: newVersion(now, before?.version), lastModified: now }
}
