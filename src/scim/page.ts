/**
 * One page of what a question finds, by index or by cursor (RFC 7644, section 3.4.2.4; RFC 9865). Where several resource
 * types are asked for, one comes after the other, unless they are sorted (`merged-page.ts`).
 */
import type { Doc, Store } from '../store/store.ts'
import type { Cursors, Place } from './cursor.ts'
import type { Caller } from './deps.ts'
import { ScimProblem } from './errors.ts'
import type { ListRequest } from './list-request.ts'
import { mergedByCursor, mergedByIndex } from './merged-page.ts'
import type { Found, Page, Part, Question } from './question.ts'
import { find, placeOf, questionOf, totalOf } from './question.ts'
import type { ResourceType } from './resource-type.ts'

/** @throws {StoreError} `tooSlow` for a question that is too much */
export async function readPage(
  store: Store,
  caller: Caller,
  types: readonly ResourceType[],
  request: ListRequest,
  cursors: Cursors,
): Promise<Page | ScimProblem> {
  const questions: Question[] = []
  for (const type of types) {
    const question = await questionOf(store, caller, type, request, types)
    if (question instanceof ScimProblem) return question
    questions.push(question)
  }
  const isMerged = questions.length > 1 && request.sortBy !== undefined
  if (request.cursor === undefined) return isMerged ? mergedByIndex(questions, request) : pageByIndex(questions, request)
  const from = cursors.read(request.cursor)
  if (from instanceof ScimProblem) return from
  const finding = isMerged ? mergedByCursor(questions, request, from) : pageByCursor(questions, request, from)
  if (questions.some(({ isFiltered }) => isFiltered)) return pageOfFiltered(questions, request, from, await finding, cursors)
  const [found, totals] = await Promise.all([finding, Promise.all(questions.map(totalOf))])
  return { ...pageOf(found, cursors), total: sum(totals) }
}

async function pageByIndex(questions: readonly Question[], request: ListRequest): Promise<Page> {
  const [only, ...others] = questions
  if (only !== undefined && others.length === 0) return pageOfOne(only, request)
  const totals = await Promise.all(questions.map(totalOf))
  const parts: Part[] = []
  let skip = request.startIndex - 1
  let room = request.count
  for (const [index, question] of questions.entries()) {
    const total = totals[index] ?? 0
    const docs = room > 0 && skip < total ? await find(question, { skip, limit: room }) : []
    parts.push({ type: question.type, docs })
    room -= docs.length
    skip = Math.max(0, skip - total)
  }
  return { parts, total: sum(totals) }
}

async function pageOfOne(question: Question, { startIndex, count }: ListRequest): Promise<Page> {
  const skip = startIndex - 1
  const page = (docs: readonly Doc[], total: number): Page => ({ parts: [{ type: question.type, docs }], total })
  if (count === 0) return page([], await totalOf(question))
  const finding = find(question, { skip, limit: count })
  if (!question.isFiltered) return page(...(await Promise.all([finding, totalOf(question)])))
  const docs = await finding
  // The last page says itself how many there are: the usual case of a filter that finds one person, or none.
  const isLast = docs.length < count && (docs.length > 0 || skip === 0)
  return page(docs, isLast ? skip + docs.length : await totalOf(question))
}

/** One more than is wanted is read, to know whether there is a next page. */
async function pageByCursor(questions: readonly Question[], { count }: ListRequest, from: Place | undefined): Promise<Found> {
  const parts: Part[] = []
  let last: Place | undefined
  let room = count
  const begin = from === undefined ? 0 : questions.findIndex(({ type }) => type.schema.name === from.type)
  for (const question of count === 0 ? [] : questions.slice(begin)) {
    const isFirst = question.type.schema.name === from?.type
    const found = await find(question, { limit: room + 1, ...(isFirst && { after: from }) })
    const docs = found.slice(0, room)
    const end = docs.at(-1)
    if (end !== undefined) last = placeOf(question, end)
    parts.push({ type: question.type, docs })
    room -= docs.length
    if (found.length > docs.length) return { parts, next: last }
  }
  return { parts }
}

/** Counting may be much work: the total is on the first page alone, and not counted where that page has all. */
async function pageOfFiltered(
  questions: readonly Question[],
  { count }: ListRequest,
  from: Place | undefined,
  found: Found,
  cursors: Cursors,
): Promise<Page> {
  const page = pageOf(found, cursors)
  if (from !== undefined) return page
  const hasAll = found.next === undefined && count > 0
  const totals = hasAll ? found.parts.map(({ docs }) => docs.length) : await Promise.all(questions.map(totalOf))
  return { ...page, total: sum(totals) }
}

function pageOf({ parts, next }: Found, cursors: Cursors): Page {
  return { parts, ...(next === undefined ? {} : { nextCursor: cursors.write(next) }) }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
