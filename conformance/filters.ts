/**
 * Filters (RFC 7644 section 3.4.2.2): who must be found, who must not, and what has to be refused.
 */
import type { Answer, Request, Silence, Target } from './exchange.ts'
import { exchange } from './exchange.ts'
import type { FilterCase, GeneratedFilter } from './filter-cases.ts'
import type { FilterUsers } from './filter-users.ts'
import { at, listOf, shorten } from './json.ts'
import type { Difference } from './judge.ts'
import type { Played } from './play.ts'
import { MESSAGES } from './urns.ts'

type Judge = (answer: Answer) => Difference[] | Promise<Difference[]>

const PAGE = 200
const MAX_PAGES = 50
/** Longer filters go by POST, as a client would send them. */
const MAX_URL_FILTER = 4000
const MAX_MS = 2000
const SLACK_MS = 500
const SLACK_TIMES = 20
const USERS_STEP = 'the users of the filters'

/** Whether it takes a server that holds the users of the cases: a filter that must be refused is refused by any. */
export function needsUsers({ level, valid }: FilterCase): boolean {
  return level === 'may' || valid !== false
}

/** Sends one filter and says what is wrong with the answer. */
export async function playFilter(one: FilterCase, users: FilterUsers, target: Target): Promise<Played> {
  const refs = needsUsers(one) ? await users.refs() : new Map<string, string>()
  if ('where' in refs) return { faults: [{ step: USERS_STEP, ...refs }] }
  const filter = users.fill(one.filter)
  return ask(target, filter, one.level === 'may' ? undefined : MAX_MS, (answer) => {
    if (one.level === 'may') return answer.status < 500 ? [] : [wrongStatus(answer, 'any answer but a failure of the server')]
    return judgeFilter(one, answer, { target, filter, refs })
  })
}

/** With the users on the server, so that there is something to compare with. */
export async function playGenerated(one: GeneratedFilter, users: FilterUsers, target: Target): Promise<Played> {
  const refs = await users.refs()
  if ('where' in refs) return { faults: [{ step: USERS_STEP, ...refs }] }
  const filter = one.prefix + one.repeat.repeat(one.times) + one.suffix + (one.close ?? '').repeat(one.times)
  // The answer to something this long may also be that it is too long.
  const statuses = [...new Set([...one.expect, 400, 414, 431])]
  return ask(target, filter, one.maxMs, (answer) => {
    return statuses.includes(answer.status) ? [] : [wrongStatus(answer, statuses.join(' or '))]
  })
}

/** @param maxMs for the answer, where there is a limit */
async function ask(target: Target, filter: string, maxMs: number | undefined, judge: Judge): Promise<Played> {
  const step = `filter ${shorten(filter, 120)}`
  const began = performance.now()
  const answer = await exchange(target, searchRequest(filter, 1))
  const took = performance.now() - began
  if ('silence' in answer) return { faults: [{ step, where: 'answer', expected: 'an answer', got: answer.silence }] }
  const late = maxMs === undefined ? [] : await judgeTime(target, took, maxMs)
  return { faults: [...late, ...(await judge(answer))].map((difference) => ({ step, ...difference })) }
}

/** A plain question tells how slow the server and the way to it are by themselves just now. */
async function judgeTime(target: Target, took: number, maxMs: number): Promise<Difference[]> {
  if (took <= maxMs) return []
  const began = performance.now()
  await exchange(target, searchRequest('userName eq "nobody"', 1))
  const most = maxMs + SLACK_MS + SLACK_TIMES * (performance.now() - began)
  return took <= most ? [] : [{ where: 'time', expected: `at most ${Math.round(most)} ms`, got: `${Math.round(took)} ms` }]
}

function searchRequest(filter: string, startIndex: number): Request {
  if (filter.length <= MAX_URL_FILTER) {
    const query = new URLSearchParams({ filter, count: String(PAGE), startIndex: String(startIndex) })
    return { method: 'GET', path: `/Users?${query.toString().replaceAll('+', '%20')}`, encode: 'none' }
  }
  return { method: 'POST', path: '/Users/.search', body: { schemas: [MESSAGES.search], filter, count: PAGE, startIndex } }
}

type Context = { readonly target: Target; readonly filter: string; readonly refs: ReadonlyMap<string, string> }

async function judgeFilter(one: FilterCase, answer: Answer, context: Context): Promise<Difference[]> {
  const statuses = one.status ?? (one.valid === null ? [200, 400] : [one.valid ? 200 : 400])
  if (!statuses.includes(answer.status)) return [wrongStatus(answer, statuses.join(' or '))]
  if (answer.status !== 200) return answer.status === 400 ? judgeRefusal(answer) : []
  const found = await findAll(answer, context)
  if (!Array.isArray(found)) return [found]
  const missing = (one.matches ?? []).filter((ref) => !found.includes(ref))
  const extra = (one.misses ?? []).filter((ref) => found.includes(ref))
  if (missing.length === 0 && extra.length === 0) return []
  return [{ where: 'found', expected: (one.matches ?? []).join(' ') || 'nobody', got: found.toSorted().join(' ') || 'nobody' }]
}

function judgeRefusal(answer: Answer): Difference[] {
  const scimType = at(answer.json, '/scimType')
  if (scimType === 'invalidFilter' || scimType === 'tooMany') return []
  return [{ where: '/scimType', expected: '"invalidFilter"', got: shorten(answer.text, 160) }]
}

/** Which users of the cases are in the list: page by page, since others may be on the server as well. */
async function findAll(first: Answer, { target, filter, refs }: Context): Promise<string[] | Difference> {
  const found = new Set<string>()
  let answer: Answer | Silence = first
  let seen = 0
  for (let page = 1; page <= MAX_PAGES; page++) {
    if ('silence' in answer) return { where: `page ${page}`, expected: 'an answer', got: answer.silence }
    const total = at(answer.json, '/totalResults')
    if (answer.status !== 200 || typeof total !== 'number') return wrongStatus(answer, '200 with a list and its total')
    const resources = listOf(at(answer.json, '/Resources'))
    for (const resource of resources) {
      const ref = refs.get(String(at(resource, '/id')))
      if (ref !== undefined) found.add(ref)
    }
    seen += resources.length
    if (seen >= total || resources.length === 0) return [...found]
    answer = await exchange(target, searchRequest(filter, seen + 1))
  }
  return { where: 'found', expected: `at most ${MAX_PAGES * PAGE} others on the server`, got: `more than ${seen}` }
}

function wrongStatus(answer: Answer, expected: string): Difference {
  return { where: 'status', expected, got: `${answer.status} ${shorten(answer.text, 160)}`.trim() }
}
