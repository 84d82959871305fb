/**
 * Faults to plant: each stands between the suite and a server that has none, and changes what is asked or answered.
 */
import type { Json, JsonObject } from '../json.ts'
import { isObject, listOf, parseJson } from '../json.ts'
import { MESSAGES } from '../urns.ts'

export type Call = {
  readonly method: string
  /** Relative to the base: `/Users/1`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Headers
  /** The JSON of the body, or its text when it is none. */
  readonly body: Json | undefined
}

export type Reply = { readonly status: number; readonly headers: Headers; readonly body: Json | undefined }

export type Next = (call: Call) => Promise<Reply>

export type Serve = (call: Call, next: Next) => Promise<Reply>

export type Fault = {
  /** What the server does wrong. */
  readonly name: string
  /** The checks that must fail by it. */
  readonly caughtBy: readonly string[]
  readonly serve: Serve
}

/** A `fetch` with a fault, to a server at `base`. Calls elsewhere go through as they are. */
export function faulty({ serve }: Pick<Fault, 'serve'>, base: string, send: typeof fetch = fetch): typeof fetch {
  const next: Next = async ({ method, path, query, headers, body }) => {
    const text = query.size === 0 ? '' : `?${query.toString().replaceAll('+', '%20')}`
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
    const response = await send(base + path + text, { method, headers, ...sent })
    const answer = await response.text()
    return { status: response.status, headers: response.headers, body: answer === '' ? undefined : (parseJson(answer) ?? answer) }
  }
  return async (input, init = {}) => {
    const { method = 'GET', body } = init
    const url = new URL(String(input))
    if (!url.href.startsWith(base)) return send(input, init)
    const call = {
      method,
      path: url.href.slice(base.length).replace(/\?.*$/s, ''),
      query: url.searchParams,
      headers: new Headers(init.headers),
      body: typeof body === 'string' ? (parseJson(body) ?? body) : undefined,
    }
    return responseOf(await serve(call, next))
  }
}

function responseOf({ status, headers, body }: Reply): Response {
  const kept = new Headers(headers)
  kept.delete('content-length')
  const isEmpty = body === undefined || [204, 304].includes(status)
  return new Response(isEmpty ? null : typeof body === 'string' ? body : JSON.stringify(body), { status, headers: kept })
}

type When = (call: Call) => boolean

export const get: When = ({ method }) => method === 'GET'
export const post: When = ({ method }) => method === 'POST'
export const put: When = ({ method }) => method === 'PUT'
export const patch: When = ({ method }) => method === 'PATCH'
const always: When = () => true

export function at(path: RegExp, when: When = always): When {
  return (call) => path.test(call.path) && when(call)
}

export const list = at(/^\/(Users|Groups)$/, get)

/** Another answer than the server gave. */
export function answering(when: When, change: (reply: Reply, call: Call) => Reply | Promise<Reply>): Serve {
  return async (call, next) => {
    const reply = await next(call)
    return when(call) ? change(reply, call) : reply
  }
}

/** Another request than the client sent. */
export function asking(when: When, change: (call: Call) => Call): Serve {
  return (call, next) => next(when(call) ? change(call) : call)
}

/** Another status where the server answered with this one. */
export function status(from: number, to: number, when: When = always): Serve {
  return answering(when, (reply) => (reply.status === from ? { ...reply, status: to } : reply))
}

/** The resource of an answer, or each of a list, changed. */
export function resources(change: (resource: JsonObject, call: Call) => JsonObject, when: When = always): Serve {
  return answering(when, (reply, call) => {
    const { body } = reply
    if (!isObject(body) || reply.status > 299) return reply
    if (body.Resources === undefined) return body.id === undefined ? reply : { ...reply, body: change(body, call) }
    return {
      ...reply,
      body: { ...body, Resources: listOf(body.Resources).map((one) => (isObject(one) ? change(one, call) : one)) },
    }
  })
}

/** The body of every answer with JSON in it, changed. */
export function bodies(when: When, change: (body: JsonObject, call: Call) => Json | undefined): Serve {
  return answering(when, (reply, call) => (isObject(reply.body) ? { ...reply, body: change(reply.body, call) } : reply))
}

/** The body of a request, changed. */
export function sending(when: When, change: (body: JsonObject, call: Call) => Json): Serve {
  return asking(when, (call) => (isObject(call.body) ? { ...call, body: change(call.body, call) } : call))
}

/** The operations of a PATCH, changed. */
export function operations(change: (operations: readonly JsonObject[]) => readonly JsonObject[]): Serve {
  return sending(patch, (body) => ({ ...body, Operations: change(listOf(body.Operations).filter(isObject)) }))
}

export function without(object: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
}

export function header(name: string, value: string | undefined, when: When = always): Serve {
  return answering(when, (reply) => {
    const headers = new Headers(reply.headers)
    if (value === undefined) headers.delete(name)
    else headers.set(name, value)
    return { ...reply, headers }
  })
}

/** A request without some of its parameters. */
export function deaf(when: When, ...names: readonly string[]): Serve {
  return asking(when, (call) => {
    const query = new URLSearchParams(call.query)
    for (const name of names) query.delete(name)
    return { ...call, query }
  })
}

export function error(status: number, scimType?: string): Reply {
  const schemas = [MESSAGES.error]
  const headers = new Headers({ 'content-type': 'application/scim+json' })
  return {
    status,
    headers,
    body: { schemas, status: String(status), detail: 'no', ...(scimType === undefined ? {} : { scimType }) },
  }
}
