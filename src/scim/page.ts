/**
 * Whom a client sees, and one page of them (RFC 7644, section 3.4.2).
 *
 * A client lists its own records unless the institution shows it all; a filter that asks for one person or group finds
 * anybody, so that a client can link who is on the roll already. What it has deleted it never sees again.
 */
import type { Source } from '../directory/user.ts'
import type { Predicate } from '../store/predicate.ts'
import { and, EVERYTHING } from '../store/predicate.ts'
import type { Doc, Store } from '../store/store.ts'
import type { Caller } from './deps.ts'
import { ScimProblem } from './errors.ts'
import { compileFilter } from './filter/compile.ts'
import { asksForOne } from './filter/eq-terms.ts'
import { parseFilter } from './filter/parse.ts'
import { readRelated } from './filter/related.ts'
import type { ListRequest } from './list-request.ts'
import type { ResourceType } from './resource-type.ts'
import { compileSort } from './sort.ts'

/** Stored resources; those of users as the bytes of their JSON. */
export type Page = { readonly docs: readonly Doc[]; readonly total: number }

/** @throws {StoreError} `tooSlow` for a question that is too much */
export async function readPage(
  store: Store,
  caller: Caller,
  type: ResourceType,
  request: ListRequest,
): Promise<Page | ScimProblem> {
  const question = await questionOf(store, caller, type, request.filter)
  if (question instanceof ScimProblem) return question
  const path = request.sortBy === undefined ? undefined : compileSort(type, request.sortBy)
  if (path instanceof ScimProblem) return path
  const sort = path === undefined ? undefined : { path, descending: request.isDescending }
  return pageOf(store, caller, type, question, request, sort)
}

/** What is asked of the store. */
type Question = { readonly where: Predicate; readonly isFiltered: boolean }

async function questionOf(
  store: Store,
  caller: Caller,
  type: ResourceType,
  text: string | undefined,
): Promise<Question | ScimProblem> {
  const { institution, source } = caller
  const seesAll = institution.settings.scim?.sees === 'all'
  if (text === undefined) return { where: seesAll ? notDeletedBy(source) : boundTo(source), isFiltered: false }
  const node = parseFilter(text)
  if (node instanceof ScimProblem) return node
  const filter = compileFilter(node, { source, type, related: await readRelated(store, caller, type, node) })
  if (filter instanceof ScimProblem) return filter
  return { where: and(filter, seesAll || asksForOne(type, node) ? notDeletedBy(source) : boundTo(source)), isFiltered: true }
}

async function pageOf(
  store: Store,
  { institution }: Caller,
  { collection }: ResourceType,
  { where, isFiltered }: Question,
  { startIndex, count }: ListRequest,
  sort: { readonly path: string; readonly descending: boolean } | undefined,
): Promise<Page> {
  const skip = startIndex - 1
  const total = () =>
    isFiltered ? store.count(collection, institution._id, where) : countSeen(store, collection, institution._id, where)
  if (count === 0) return { docs: [], total: await total() }
  const page = store.find(collection, institution._id, {
    where,
    limit: count,
    skip,
    asBytes: true,
    ...(sort === undefined ? {} : { sort }),
  })
  if (!isFiltered) {
    const [docs, all] = await Promise.all([page, total()])
    return { docs, total: all }
  }
  const docs = await page
  // The last page says itself how many there are: the usual case of a filter that finds one person, or none.
  const isLast = docs.length < count && (docs.length > 0 || skip === 0)
  return { docs, total: isLast ? skip + docs.length : await total() }
}

/** Two counts that the store keeps, where the question itself would be counted record by record. */
async function countSeen(
  store: Store,
  collection: ResourceType['collection'],
  institution: string,
  where: Predicate,
): Promise<number> {
  if (where.op !== 'not') return store.count(collection, institution, where)
  const [all, deleted] = await Promise.all([
    store.count(collection, institution, EVERYTHING),
    store.count(collection, institution, where.of),
  ])
  return all - deleted
}

function boundTo(source: Source): Predicate {
  return { op: 'any', path: 'search.boundTo', where: { op: 'eq', path: '', value: source } }
}

function notDeletedBy(source: Source): Predicate {
  return { op: 'not', of: { op: 'any', path: 'search.deletedBy', where: { op: 'eq', path: '', value: source } } }
}
