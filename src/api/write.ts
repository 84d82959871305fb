/**
 * POST /users and POST /users/batch: what is known of people, created or updated.
 */
import { apply } from '../directory/apply.ts'
import type { Change, Outcome, Problem } from '../directory/change.ts'
import { flatChange, isChange } from '../directory/flat-change.ts'
import { sharing } from '../directory/sharing.ts'
import { MAX_BODY_BYTES } from '../limits/body.ts'
import { NO_TURN } from '../limits/turns.ts'
import type { Answer } from './answers.ts'
import { answer, problem } from './answers.ts'
import type { ApiDeps, Caller, Exchange } from './deps.ts'
import { once } from './idempotency.ts'
import { readJson } from './json-body.ts'
import { dryRunIn } from './query.ts'
import type { Result, Told } from './results.ts'
import { answerTo, resultsOf } from './results.ts'

export const MAX_BATCH = 1000
const MAX_BATCH_BYTES = 8 * 1024 * 1024

export function postUser(deps: ApiDeps, exchange: Exchange): Promise<Answer> {
  return answerBody(deps, exchange, MAX_BODY_BYTES, async (sent, isDryRun) => {
    const change = flatChange(sent, exchange.caller)
    if (!isChange(change)) return answerTo({ problems: change }, exchange, isDryRun)
    const outcome = await carryOut(deps, exchange, change, isDryRun)
    return answerTo({ change, outcome }, exchange, isDryRun)
  })
}

export function postBatch(deps: ApiDeps, exchange: Exchange): Promise<Answer> {
  return answerBody(deps, exchange, MAX_BATCH_BYTES, async (sent, isDryRun) => {
    const users = usersIn(sent)
    if (!Array.isArray(users)) return users as Answer
    const read = await readEach(users, (user) => flatChange(user, exchange.caller))
    const told = await tellEach(deps, exchange.caller, read, isDryRun)
    const results = resultsOf(told, isDryRun)
    return answer(200, { counts: countsOf(results), results: results.map((result, index) => ({ index, ...result })) })
  })
}

/** Does what the body asks for, once for each key that the client sent. A dry run does nothing, and uses up no key. */
async function answerBody(
  deps: ApiDeps,
  exchange: Exchange,
  maxBytes: number,
  work: (sent: unknown, isDryRun: boolean) => Promise<Answer>,
): Promise<Answer> {
  const { request, caller, query } = exchange
  const isDryRun = dryRunIn(query)
  if (typeof isDryRun !== 'boolean') return isDryRun
  const answered = await deps.turns.take(caller.institution._id, { request, maxBytes }, async () => {
    const body = await readJson(request, maxBytes)
    if (body.kind === 'bad') return body.answer
    if (isDryRun) return work(body.value, true)
    return once(deps, exchange, body.text, () => work(body.value, false))
  })
  return answered === 'late' ? problem('limited', NO_TURN.detail, {}, NO_TURN.headers) : answered
}

function usersIn(body: unknown): readonly unknown[] | Answer {
  const users = typeof body === 'object' && body !== null && 'users' in body ? body.users : undefined
  if (!Array.isArray(users) || Object.keys(body as object).length !== 1) {
    const message = 'the body should be an object with a list called users, and nothing beside it'
    return problem('invalid', message, { outcome: 'invalid', problems: [{ field: 'users', code: 'value_type', message }] })
  }
  if (users.length <= MAX_BATCH) return users
  const detail = `a batch may have ${MAX_BATCH} users at most: cut it, or send application/x-ndjson, which has no limit`
  return problem('too_large', detail, { limit: MAX_BATCH, unit: 'users' })
}

/** What was sent of one person, read: a change, or what is wrong with it. */
export type Read = Change | readonly Problem[]

/** Reads each of many, giving others their turn on the thread now and then. */
export async function readEach<T>(sent: readonly T[], read: (one: T) => Read): Promise<Read[]> {
  const all: Read[] = []
  const turn = sharing()
  for (const one of sent) {
    await turn()
    all.push(read(one))
  }
  return all
}

/** What became of each, in their order. */
export async function tellEach(deps: ApiDeps, caller: Caller, read: readonly Read[], isDryRun: boolean): Promise<Told[]> {
  const changes = read.filter(isChange)
  const outcomes = isDryRun
    ? await apply(deps.store, caller.institution, changes, { dryRun: true })
    : await deps.gate.batch(caller.institution, changes)
  const left = outcomes.values()
  return read.map((one) => (isChange(one) ? { change: one, outcome: left.next().value as Outcome } : { problems: one }))
}

async function carryOut(deps: ApiDeps, { caller }: Exchange, change: Change, isDryRun: boolean): Promise<Outcome> {
  if (!isDryRun) return deps.gate.submit(caller.institution, change)
  const [outcome] = await apply(deps.store, caller.institution, [change], { dryRun: true })
  return outcome as Outcome
}

function countsOf(results: readonly Result[]): { readonly [outcome: string]: number } {
  const counts: { [outcome: string]: number } = { created: 0, updated: 0, unchanged: 0, conflict: 0, invalid: 0 }
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
