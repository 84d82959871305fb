/**
 * Lists and searches, of one resource type or of all (RFC 7644, sections 3.4.2 and 3.4.3).
 */
import type { Group } from '../directory/groups/group.ts'
import { ByteWriter } from './byte-writer.ts'
import { cursorsFor } from './cursor.ts'
import type { ScimDeps } from './deps.ts'
import { ScimProblem } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { askedBy } from './exchange.ts'
import { groupTexts } from './group-answer.ts'
import type { ListRequest } from './list-request.ts'
import { LIST_SCHEMA, listRequestFrom, searchRequestFrom } from './list-request.ts'
import { readPage } from './page.ts'
import { projectionOf } from './projection.ts'
import type { Page, Part } from './question.ts'
import type { UserBytes } from './render.ts'
import type { ResourceType } from './resource-type.ts'
import { typeIn } from './resource-type.ts'
import { answer, flowingAnswer } from './respond.ts'
import { TYPICAL_BYTES, viewFor, writeShown } from './user-answer.ts'

type Deps = Pick<ScimDeps, 'store' | 'seal' | 'failed'>
type Answer = Promise<Response | ScimProblem>

/** Up to here headers and body go out together as one text. */
const SHORT_BYTES = 8192

/** GET, with what is asked for in the query string. */
export function listOf(...types: readonly ResourceType[]): (deps: Deps, exchange: Exchange) => Answer {
  return async (deps, exchange) => {
    const request = listRequestFrom(exchange.parameter)
    return request instanceof ScimProblem ? request : listed(deps, exchange, types, request)
  }
}

/** POST, with a SearchRequest. */
export function searchOf(...types: readonly ResourceType[]): (deps: Deps, exchange: Exchange) => Answer {
  return async (deps, exchange) => {
    const read = await askedBy(exchange)
    if (read instanceof ScimProblem) return read
    const request = searchRequestFrom(read.body)
    return request instanceof ScimProblem ? request : listed(deps, exchange, types, request)
  }
}

async function listed(deps: Deps, exchange: Exchange, asked: readonly ResourceType[], request: ListRequest): Answer {
  const types = asked.map((type) => typeIn(exchange.caller.institution.settings, type))
  const names = types.map(({ schema }) => schema.name)
  const page = await readPage(deps.store, exchange.caller, types, request, cursorsFor(deps.seal, exchange.caller, names, request))
  if (page instanceof ScimProblem) return page
  const head = headOf(page, request)
  const [part, ...others] = page.parts
  if (part?.type.collection === 'users' && others.length === 0) {
    const out = new ByteWriter(head.length + 16 + part.docs.length * TYPICAL_BYTES)
    out.text(head)
    const write = await userWriter(deps, exchange, page.parts, request)
    for (const [index, user] of part.docs.entries()) {
      if (index > 0) out.text(',')
      write(out, user as UserBytes)
    }
    out.text(']}')
    const body = out.end()
    return answer(200, body.length > SHORT_BYTES ? body : body.toString(), exchange.type)
  }
  const failed = (error: unknown) => deps.failed(error, exchange.request)
  return flowingAnswer(200, textOf(head, deps, exchange, page.parts, request), exchange.type, {}, failed)
}

/** A ListResponse up to where its resources begin. */
function headOf({ parts, total, nextCursor }: Page, { cursor, startIndex }: ListRequest): string {
  const items = parts.reduce((sum, { docs }) => sum + docs.length, 0)
  return [
    `{"schemas":["${LIST_SCHEMA}"]`,
    ...(total === undefined ? [] : [`"totalResults":${total}`]),
    ...(cursor === undefined ? [`"startIndex":${startIndex}`] : []),
    `"itemsPerPage":${items}`,
    ...(nextCursor === undefined ? [] : [`"nextCursor":"${nextCursor}"`]),
    '"Resources":[',
  ].join(',')
}

/** Writes users of these parts; what is looked up for them is read for all of them together. */
async function userWriter({ store }: Deps, exchange: Exchange, parts: readonly Part[], request: ListRequest) {
  const ofUsers = partsOf(parts, 'users')
  const [first] = ofUsers
  const project = first && projectionOf(first.type.schema, request.attributes, request.excludedAttributes)
  const users = ofUsers.flatMap(({ docs }) => docs as readonly UserBytes[])
  const view = await viewFor(store, exchange, users, project)
  return (out: ByteWriter, user: UserBytes) => writeShown(out, user, view, project)
}

async function* textOf(
  head: string,
  deps: Deps,
  exchange: Exchange,
  parts: readonly Part[],
  request: ListRequest,
): AsyncGenerator<string, void> {
  yield head
  const write = await userWriter(deps, exchange, parts, request)
  const texts = textsOfGroups(deps, exchange, partsOf(parts, 'groups'), request)
  let isFirst = true
  for (const { type, docs } of parts) {
    for (const doc of docs) {
      if (!isFirst) yield ','
      isFirst = false
      if (type.collection === 'users') yield textOfUser(doc as UserBytes, write)
      else yield* (await texts.next()).value ?? []
    }
  }
  yield ']}'
}

function partsOf(parts: readonly Part[], collection: 'users' | 'groups'): readonly Part[] {
  return parts.filter(({ type }) => type.collection === collection)
}

function textOfUser(user: UserBytes, write: (out: ByteWriter, user: UserBytes) => void): string {
  const out = new ByteWriter(TYPICAL_BYTES)
  write(out, user)
  return out.end().toString()
}

function textsOfGroups({ store }: Deps, { caller, base }: Exchange, parts: readonly Part[], request: ListRequest) {
  const [first] = parts
  const project = first && projectionOf(first.type.schema, request.attributes, request.excludedAttributes)
  const groups = parts.flatMap(({ docs }) => docs as readonly Group[])
  return groupTexts(groups, { store, source: caller.source, base, project })
}
