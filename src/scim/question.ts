/**
 * Whom a client sees (RFC 7644, section 3.4.2).
 *
 * A client lists its own records unless the institution shows it all; a filter that asks for one person or group finds
 * anybody, so that a client can link who is on the roll already. What it has deleted it never sees again.
 */
import { isBoundTo, isNotDeletedBy } from '../directory/binding.ts'
import type { Source } from '../directory/user.ts'
import type { Predicate } from '../store/predicate.ts'
import { and, EVERYTHING } from '../store/predicate.ts'
import type { Doc, Query, Store } from '../store/store.ts'
import type { Place } from './cursor.ts'
import type { Caller } from './deps.ts'
import { ScimProblem } from './errors.ts'
import { asksForOne } from './filter/asks-for-one.ts'
import { compileFilter } from './filter/compile.ts'
import { parseFilter } from './filter/parse.ts'
import { readRelated } from './filter/related.ts'
import type { ListRequest } from './list-request.ts'
import type { ResourceType } from './resource-type.ts'
import { compileSort, sortValueOf } from './sort.ts'

/** What is asked of the store about resources of one type. */
export type Question = {
  readonly store: Store
  readonly institution: string
  readonly type: ResourceType
  readonly where: Predicate
  readonly isFiltered: boolean
  /** By id when absent. */
  readonly sort: Query['sort']
}

export type Page = {
  /** Stored resources by their type, in the order of the answer; those of users as the bytes of their JSON. */
  readonly parts: readonly Part[]
  /** Absent on a later page of a filtered walk, which would have to count anew. */
  readonly total?: number
  /** Absent on the last page, and where pages go by index. */
  readonly nextCursor?: string
}

export type Part = { readonly type: ResourceType; readonly docs: readonly Doc[] }

/** What is found, before it is said how many there are in all. */
export type Found = {
  readonly parts: readonly Part[]
  /** Where the next page begins, if there is one. */
  readonly next?: Place | undefined
}

/** @param types all that are asked at once: what only another of them has is absent here */
export async function questionOf(
  store: Store,
  caller: Caller,
  type: ResourceType,
  request: ListRequest,
  types: readonly ResourceType[],
): Promise<Question | ScimProblem> {
  const where = await whereOf(store, caller, type, request.filter, types)
  if (where instanceof ScimProblem) return where
  const sort = sortOf(caller.source, type, request, types)
  if (sort instanceof ScimProblem) return sort
  return { store, institution: caller.institution._id, type, where, isFiltered: request.filter !== undefined, sort }
}

function sortOf(
  source: Source,
  type: ResourceType,
  { sortBy, isDescending }: ListRequest,
  types: readonly ResourceType[],
): Query['sort'] | ScimProblem {
  if (sortBy === undefined) return undefined
  const path = compileSort(type, sortBy, source)
  if (!(path instanceof ScimProblem)) return { path, descending: isDescending }
  if (types.every((other) => compileSort(other, sortBy, source) instanceof ScimProblem)) return path
  return isDescending ? { path: '_id', descending: true } : undefined
}

async function whereOf(
  store: Store,
  caller: Caller,
  type: ResourceType,
  text: string | undefined,
  types: readonly ResourceType[],
): Promise<Predicate | ScimProblem> {
  const { institution, source } = caller
  const seesAll = institution.settings.scim?.sees === 'all'
  if (text === undefined) return seesAll ? isNotDeletedBy(source) : isBoundTo(source)
  const node = parseFilter(text)
  if (node instanceof ScimProblem) return node
  const filter = compileFilter(node, { source, type, types, related: await readRelated(store, caller, type, node) })
  if (filter instanceof ScimProblem) return filter
  return and(filter, seesAll || asksForOne(type, node) ? isNotDeletedBy(source) : isBoundTo(source))
}

export function find(
  { store, institution, type, where, sort }: Question,
  { after, ...page }: Pick<Query, 'limit' | 'skip'> & { readonly after?: Place | undefined },
): Promise<Doc[]> {
  const { id, value } = after ?? {}
  const from = id === undefined ? {} : { after: value === undefined ? { id } : { id, value } }
  return store.find(type.collection, institution, { where, asBytes: true, ...page, ...from, ...(sort && { sort }) })
}

/** Where a resource stands in the order of the question. */
export function placeOf({ type, sort }: Question, doc: Doc): Place {
  const value = sort === undefined ? undefined : sortValueOf(type, doc, sort.path)
  return { type: type.schema.name, id: doc._id, ...(value === undefined ? {} : { value }) }
}

/** Of a question without a filter two counts that the store keeps, where it would be counted record by record. */
export async function totalOf({ store, institution, type, where, isFiltered }: Question): Promise<number> {
  if (isFiltered || where.op !== 'not') return store.count(type.collection, institution, where)
  const [all, deleted] = await Promise.all([
    store.count(type.collection, institution, EVERYTHING),
    store.count(type.collection, institution, where.of),
  ])
  return all - deleted
}
