/**
 * The REST endpoint over a real store, called in this process: for tests.
 */
import assert from 'node:assert/strict'
import { Hono } from 'hono'
import { apiApp } from '../src/api/app.ts'
import { openGate } from '../src/directory/gate.ts'
import type { Institution } from '../src/directory/institution.ts'
import type { Source } from '../src/directory/user.ts'
import { Turns } from '../src/limits/turns.ts'
import type { Store } from '../src/store/store.ts'

/** Of one person among many. */
export type Result = {
  readonly index: number
  readonly outcome: string
  readonly id?: string
  readonly code?: string
  readonly key?: string
  readonly records?: readonly string[]
  readonly withheld?: readonly string[]
  readonly problems?: readonly { readonly field?: string; readonly code: string }[]
}

export type Reply = {
  readonly status: number
  readonly headers: Headers
  readonly body: {
    readonly [member: string]: unknown
    readonly id: string
    readonly outcome: string
    readonly changed: readonly string[]
    readonly problems: readonly { readonly field?: string; readonly code: string; readonly message: string }[]
    readonly user: { readonly [field: string]: unknown }
    readonly users: readonly { readonly id: string; readonly user: { readonly [field: string]: unknown } }[]
    readonly results: readonly Result[]
  }
}

export type Api = {
  readonly app: Hono
  request(path: string, init?: RequestInit & { readonly source?: Source }): Promise<Response>
  post(path: string, body: unknown, headers?: { readonly [name: string]: string }): Promise<Reply>
  get(path: string): Promise<Reply>
}

/** @param now epoch milliseconds */
export function apiOver(store: Store, institution: Institution, now: () => number = Date.now): Api {
  const failures: unknown[] = []
  const app = new Hono().route('/institutions/:institution/api/v1', apiApp(depsOver(store, institution, failures, now)))
  const request: Api['request'] = async (path, init = {}) => {
    const headers = new Headers(init.headers)
    if (init.source !== undefined) headers.set('x-source', init.source)
    const url = path.startsWith('http') ? path : `http://127.0.0.1/institutions/${institution._id}/api/v1${path}`
    const response = await app.request(url, { ...init, headers })
    assert.deepEqual(failures, [])
    return response
  }
  const reply = async (response: Response): Promise<Reply> => {
    const body = (await response.json()) as Reply['body']
    return { status: response.status, headers: response.headers, body }
  }
  return {
    app,
    request,
    async post(path, body, headers = {}) {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const length = String(Buffer.byteLength(text))
      const sent = { 'content-type': 'application/json', 'content-length': length, ...headers }
      return reply(await request(path, { method: 'POST', body: text, headers: sent }))
    },
    get: async (path) => reply(await request(path)),
  }
}

/** What the application would hand the endpoint; whoever calls is let in. */
export function depsOver(
  store: Store,
  institution: Institution,
  failures: unknown[],
  now: () => number = Date.now,
): Parameters<typeof apiApp>[0] {
  return {
    store,
    gate: openGate(store),
    turns: new Turns(),
    publicUrl: 'http://127.0.0.1',
    admit: (request) => ({
      kind: 'ok',
      institution,
      source: (request.headers.get('x-source') ?? 'api') as Source,
      credential: 'token-1',
    }),
    failed: (error) => failures.push(error),
    now,
  }
}
