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
import { ByteWriter } from './byte-writer.ts'
import type { Caller } from './deps.ts'
import { ScimProblem } from './errors.ts'
import { compileFilter } from './filter/compile.ts'
import { asksForOne } from './filter/eq-terms.ts'
import { parseFilter } from './filter/parse.ts'
import type { ListRequest } from './list-request.ts'
import { LIST_SCHEMA } from './list-request.ts'
import type { Projection } from './projection.ts'
import { projectionOf } from './projection.ts'
import type { UserBytes } from './render.ts'
import { parsedUser, renderUser, writeUser } from './render.ts'
import { USER_TYPE } from './resource-type.ts'
import type { Body } from './respond.ts'
import { compileSort } from './sort.ts'

/** Of one user in an answer. */
const TYPICAL_BYTES = 2048
/** Up to here headers and body go out together as one text. */
const SHORT_BYTES = 8192

type Asker = { readonly caller: Caller; readonly base: string }

/** What is asked of the store. */
type Question = { readonly where: Predicate; readonly isFiltered: boolean }

/**
 * @returns the ListResponse in UTF-8
 * @throws {StoreError} `tooSlow` for a question that is too much
 */
export async function listUsers(store: Store, { caller, base }: Asker, request: ListRequest): Promise<Body | ScimProblem> {
  const question = questionOf(caller, request.filter)
  if (question instanceof ScimProblem) return question
  const path = request.sortBy === undefined ? undefined : compileSort(USER_TYPE, request.sortBy)
  if (path instanceof ScimProblem) return path
  const sort = path === undefined ? undefined : { path, descending: request.isDescending }
  const { users, total } = await pageOf(store, caller, question, request, sort)
  const project = projectionOf(USER_TYPE.schema, request.attributes, request.excludedAttributes)
  const out = new ByteWriter(256 + users.length * TYPICAL_BYTES)
  out.text(`{"schemas":["${LIST_SCHEMA}"],"totalResults":${total},"startIndex":${request.startIndex},`)
  out.text(`"itemsPerPage":${users.length},"Resources":[`)
  for (const [index, user] of users.entries()) {
    if (index > 0) out.text(',')
    writeShown(out, user, caller.source, base, project)
  }
  out.text(']}')
  const body = out.end()
  return body.length > SHORT_BYTES ? body : body.toString()
}

/** One user as the whole of an answer: short enough to go out as text, together with its headers. */
export function shownText(user: UserBytes, source: Source, base: string, project: Projection | undefined): string {
  const out = new ByteWriter(TYPICAL_BYTES)
  writeShown(out, user, source, base, project)
  return out.end().toString()
}

/** In parts where a projection asks for them. */
function writeShown(out: ByteWriter, user: UserBytes, source: Source, base: string, project: Projection | undefined): void {
  if (project === undefined) writeUser(out, user, source, base)
  else out.text(JSON.stringify(project(renderUser(parsedUser(user), source, base))))
}

function questionOf({ institution, source }: Caller, text: string | undefined): Question | ScimProblem {
  const seesAll = institution.settings.scim?.sees === 'all'
  if (text === undefined) return { where: seesAll ? notDeletedBy(source) : boundTo(source), isFiltered: false }
  const node = parseFilter(text)
  if (node instanceof ScimProblem) return node
  const filter = compileFilter(node, { source, type: USER_TYPE })
  if (filter instanceof ScimProblem) return filter
  return { where: and(filter, seesAll || asksForOne(USER_TYPE, node) ? notDeletedBy(source) : boundTo(source)), isFiltered: true }
}

type Page = { readonly users: readonly UserBytes[]; readonly total: number }

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
    asBytes: true,
    ...(sort === undefined ? {} : { sort }),
  })
  if (!isFiltered) {
    const [users, all] = await Promise.all([page, total()])
    return { users: users as unknown as UserBytes[], total: all }
  }
  const users = (await page) as unknown as UserBytes[]
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
