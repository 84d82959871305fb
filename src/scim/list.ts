/**
 * Users in an answer: one by itself, or a page of them as a ListResponse (RFC 7644, section 3.4.2).
 */
import type { Store } from '../store/store.ts'
import { NO_GROUPS, readBelonging } from './belonging.ts'
import { ByteWriter } from './byte-writer.ts'
import type { Caller } from './deps.ts'
import { ScimProblem } from './errors.ts'
import type { ListRequest } from './list-request.ts'
import { LIST_SCHEMA } from './list-request.ts'
import { readPage } from './page.ts'
import type { Projection } from './projection.ts'
import { projectionOf } from './projection.ts'
import type { UserBytes, View } from './render.ts'
import { parsedUser, renderUser, writeUser } from './render.ts'
import { USER_TYPE } from './resource-type.ts'
import type { Body } from './respond.ts'

/** Of one user in an answer. */
const TYPICAL_BYTES = 2048
/** Up to here headers and body go out together as one text. */
const SHORT_BYTES = 8192

type Asker = { readonly caller: Caller; readonly base: string }

/**
 * @returns the ListResponse in UTF-8
 * @throws {StoreError} `tooSlow` for a question that is too much
 */
export async function listUsers(store: Store, { caller, base }: Asker, request: ListRequest): Promise<Body | ScimProblem> {
  const page = await readPage(store, caller, USER_TYPE, request)
  if (page instanceof ScimProblem) return page
  const users = page.docs as unknown as readonly UserBytes[]
  const project = projectionOf(USER_TYPE.schema, request.attributes, request.excludedAttributes)
  const view = await viewFor(store, { caller, base }, users, project)
  const out = new ByteWriter(256 + users.length * TYPICAL_BYTES)
  out.text(`{"schemas":["${LIST_SCHEMA}"],"totalResults":${page.total},"startIndex":${request.startIndex},`)
  out.text(`"itemsPerPage":${users.length},"Resources":[`)
  for (const [index, user] of users.entries()) {
    if (index > 0) out.text(',')
    writeShown(out, user, view, project)
  }
  out.text(']}')
  const body = out.end()
  return body.length > SHORT_BYTES ? body : body.toString()
}

/** One user as the whole of an answer: short enough to go out as text, together with its headers. */
export function shownText(user: UserBytes, view: View, project: Projection | undefined): string {
  const out = new ByteWriter(TYPICAL_BYTES)
  writeShown(out, user, view, project)
  return out.end().toString()
}

/** How the caller sees these users. What an answer does not show is not read. */
export async function viewFor(
  store: Store,
  { caller, base }: Asker,
  users: readonly { readonly memberOf: readonly string[] }[],
  project: Projection | undefined,
): Promise<View> {
  const belonging = project?.shows('groups') === false ? NO_GROUPS : await readBelonging(store, caller, base, users)
  return { source: caller.source, base, belonging }
}

/** In parts where a projection asks for them. */
function writeShown(out: ByteWriter, user: UserBytes, view: View, project: Projection | undefined): void {
  if (project === undefined) writeUser(out, user, view)
  else out.text(JSON.stringify(project.of(renderUser(parsedUser(user), view))))
}
