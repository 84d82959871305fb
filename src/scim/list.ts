/**
 * Lists and searches (RFC 7644, section 3.4.2): whom a client sees, and one page of them.
 *
 * A client lists its own records unless the institution shows it all; a filter that asks for one person finds anybody,
 * so that a client can link who is on the roll already. What it has deleted it never sees again.
 */
import type { Source } from '../directory/user.ts'
import type { Predicate } from '../store/predicate.ts'
import { and, EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import type { Caller } from './deps.ts'
import { ScimProblem } from './errors.ts'
import { compileFilter } from './filter/compile.ts'
import { asksForOne } from './filter/eq-terms.ts'
import { parseFilter } from './filter/parse.ts'
import type { ListRequest } from './list-request.ts'
import { LIST_SCHEMA } from './list-request.ts'
import type { Projection } from './projection.ts'
import { projectionOf } from './projection.ts'
import type { UserText } from './render.ts'
import { parsedUser, renderText, renderUser } from './render.ts'
import { compileSort } from './sort.ts'

type Asker = { readonly caller: Caller; readonly base: string }

/** What is asked of the store. */
type Question = { readonly where: Predicate; readonly isFiltered: boolean }

/**
 * @returns the ListResponse as text
 * @throws {StoreError} `tooSlow` for a question that is too much
 */
export async function listUsers(store: Store, { caller, base }: Asker, request: ListRequest): Promise<string | ScimProblem> {
  const question = questionOf(caller, request.filter)
  if (question instanceof ScimProblem) return question
  const path = request.sortBy === undefined ? undefined : compileSort(request.sortBy)
  if (path instanceof ScimProblem) return path
  const sort = path === undefined ? undefined : { path, descending: request.isDescending }
  const { users, total } = await pageOf(store, caller, question, request, sort)
  const project = projectionOf(request.attributes, request.excludedAttributes)
  const resources = users.map((user) => shownText(user, caller.source, base, project))
  return `{"schemas":["${LIST_SCHEMA}"],"totalResults":${total},"startIndex":${request.startIndex},"itemsPerPage":${users.length},"Resources":[${resources.join(',')}]}`
}

/** One user for an answer, in parts where a projection asks for them. */
export function shownText(user: UserText, source: Source, base: string, project: Projection | undefined): string {
  if (project === undefined) return renderText(user, source, base)
  return JSON.stringify(project(renderUser(parsedUser(user), source, base)))
}

function questionOf({ institution, source }: Caller, text: string | undefined): Question | ScimProblem {
  const seesAll = institution.settings.scim?.sees === 'all'
  if (text === undefined) return { where: seesAll ? notDeletedBy(source) : boundTo(source), isFiltered: false }
  const node = parseFilter(text)
  if (node instanceof ScimProblem) return node
  const filter = compileFilter(node, { source })
  if (filter instanceof ScimProblem) return filter
  return { where: and(filter, seesAll || asksForOne(node) ? notDeletedBy(source) : boundTo(source)), isFiltered: true }
}

type Page = { readonly users: readonly UserText[]; readonly total: number }

async function pageOf(
  store: Store,
  { institution }: Caller,
  { where, isFiltered }: Question,
  { startIndex, count }: ListRequest,
  sort: { readonly path: string; readonly descending: boolean } | undefined,
): Promise<Page> {
  const skip = startIndex - 1
  const total = () => (isFiltered ? store.count('users', institution._id, where) : countSeen(store, institution._id, where))
  if (count === 0) return { users: [], total: await total() }
  const page = store.find('users', institution._id, {
    where,
    limit: count,
    skip,
    asText: true,
    ...(sort === undefined ? {} : { sort }),
  })
  if (!isFiltered) {
    const [users, all] = await Promise.all([page, total()])
    return { users: users as unknown as UserText[], total: all }
  }
  const users = (await page) as unknown as UserText[]
  // The last page says itself how many there are: the usual case of a filter that finds one person, or none.
  const isLast = users.length < count && (users.length > 0 || skip === 0)
  return { users, total: isLast ? skip + users.length : await total() }
}

/** Two counts that the store keeps, where the question itself would be counted record by record. */
async function countSeen(store: Store, institution: string, where: Predicate): Promise<number> {
  if (where.op !== 'not') return store.count('users', institution, where)
  const [all, deleted] = await Promise.all([
    store.count('users', institution, EVERYTHING),
    store.count('users', institution, where.of),
  ])
  return all - deleted
}

function boundTo(source: Source): Predicate {
  return { op: 'any', path: 'search.boundTo', where: { op: 'eq', path: '', value: source } }
}

function notDeletedBy(source: Source): Predicate {
  return { op: 'not', of: { op: 'any', path: 'search.deletedBy', where: { op: 'eq', path: '', value: source } } }
}
