/**
 * The application on a socket, with institutions at whose doors machines show what they have.
 */
import { createApp } from '../src/app.ts'
import type { Client } from '../src/auth/clients.ts'
import { createClient } from '../src/auth/clients.ts'
import { sealWith } from '../src/auth/seal.ts'
import { openHttpServer } from '../src/cli/http-server.ts'
import { DAY_MS } from '../src/days.ts'
import { createInstitution } from '../src/directory/institution-changes.ts'
import type { Settings } from '../src/directory/settings.ts'
import type { Json } from '../src/directory/user.ts'
import { openLog } from '../src/observe/log.ts'
import { openMetrics } from '../src/observe/metrics.ts'
import type { Store } from '../src/store/store.ts'

export const seal = sealWith('a key for tests alone')
export const by = { source: 'admin' } as const
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const YEAR_MS = 365 * DAY_MS

export type Door = AsyncDisposable & {
  readonly origin: string
  /** Lines of its log, as objects. */
  readonly log: { readonly [name: string]: unknown }[]
  enter(token: string, path?: string, more?: RequestInit): Promise<Response>
  /** To the token endpoint. */
  ask(
    form: { readonly [name: string]: string } | string,
    headers?: { readonly [name: string]: string },
    institution?: string,
  ): Promise<Response>
}

export async function openDoor(store: Store, publicUrl?: string): Promise<Door> {
  const log: Door['log'] = []
  const out = openLog('info', { write: (line) => void log.push(JSON.parse(line)) })
  const http = await openHttpServer({ host: '127.0.0.1', port: 0 }, (port) =>
    createApp({ store, publicUrl: publicUrl ?? `http://127.0.0.1:${port}`, log: out, metrics: openMetrics(), seal }),
  )
  const origin = `http://127.0.0.1:${http.port}`
  return {
    origin,
    log,
    enter: (token, path = 'north/scim/v2/Users', more = {}) =>
      fetch(`${origin}/institutions/${path}`, { ...more, headers: { ...more.headers, authorization: `Bearer ${token}` } }),
    ask: (form, headers = {}, institution = 'north') =>
      fetch(`${origin}/institutions/${institution}/oauth/token`, {
        method: 'POST',
        body: typeof form === 'string' ? form : new URLSearchParams(form),
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      }),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
}

/** Without a limit on its rate, unless the settings say otherwise. */
export async function anInstitution(store: Store, id: string, settings: Settings = {}): Promise<void> {
  const given = JSON.parse(JSON.stringify({ rateLimit: { perSecond: 0 }, ...settings })) as Json
  const made = await createInstitution(store, { id, name: id, settings: given, by, now: Date.now() })
  if (made.kind !== 'created') throw new Error(JSON.stringify(made))
}

/** For SCIM, as the source `scim:entra`. */
export async function aClient(
  store: Store,
  institution = 'north',
  secretUntil = Date.now() + YEAR_MS,
): Promise<{ client: Client; secret: string }> {
  const given = { institution, scope: 'scim', source: 'scim:entra', proof: { secretUntil }, by, now: Date.now() } as const
  const { client, secret = '' } = await createClient(store, given)
  return { client, secret }
}

export async function statusOf(answer: Promise<Response>): Promise<number> {
  const { status, body } = await answer
  await body?.cancel()
  return status
}
