/**
 * The HTTP application around its channels: what they are handed, what operation asks for, and what is told where
 * something failed.
 * A request meets no middleware on its way: it is watched from outside, and each channel admits its own callers.
 */
import type { Context, Hono } from 'hono'
import { apiApp } from './api/app.ts'
import type { Admit } from './auth/admit.ts'
import { admission } from './auth/admit.ts'
import { authenticator } from './auth/authenticate.ts'
import { jwtReader } from './auth/bearer-jwt.ts'
import { openKeySets } from './auth/key-sets.ts'
import { oauthApp, serverMetadata } from './auth/oauth-app.ts'
import type { Seal } from './auth/seal.ts'
import type { SigningKeys } from './auth/signing-keys.ts'
import { openSigningKeys } from './auth/signing-keys.ts'
import type { Scope } from './auth/tokens.ts'
import { isLocalOnly } from './config.ts'
import type { Change, Outcome } from './directory/change.ts'
import type { Gate } from './directory/gate.ts'
import { openGate } from './directory/gate.ts'
import { INSTITUTION_ID } from './directory/institution.ts'
import { channelOf } from './directory/user.ts'
import type { Channels } from './dispatch.ts'
import { dispatcher, pathOf, plainApp } from './dispatch.ts'
import { frontPage } from './front-page.ts'
import { inTime } from './limits/in-time.ts'
import type { Ask } from './limits/outbound.ts'
import type { RateLimiter } from './limits/rate.ts'
import { rateLimiter } from './limits/rate.ts'
import { Turns } from './limits/turns.ts'
import type { Log } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import type { Exchange, Fetch } from './observe/requests.ts'
import { numberOf, watchRequests } from './observe/requests.ts'
import { problemDocument } from './problem-document.ts'
import { scimApp } from './scim/app.ts'
import type { Store } from './store/store.ts'
import { StoreError } from './store/store.ts'

export type ServerOptions = {
  readonly store: Store
  /** How clients reach the server, without a slash at its end. */
  readonly publicUrl: string
  readonly log: Log
  /** Without them nothing is counted, and there is no `/metrics`. */
  readonly metrics?: Metrics
  readonly seal: Seal
  /** How keys of others are fetched, where it is not as everywhere. */
  readonly ask?: Ask
}

/** What channels that are not everywhere are made of. */
export type Shared = {
  readonly limiter: RateLimiter
  readonly signingKeys: SigningKeys
  /** What every channel needs, at whose door callers of this scope are admitted. */
  readonly channel: (scope: Scope) => {
    readonly store: Store
    readonly gate: Gate
    readonly turns: Turns
    readonly publicUrl: string
    readonly failed: (error: unknown, request: Request) => void
    readonly admit: Admit
  }
}

/** How long readiness waits for the store. */
const READY_MS = 2000

/** The patterns of all routes, so that a test can walk them. */
export type App = Fetch & { readonly routes: readonly string[] }

/** SCIM, REST and the token endpoint, and what else there is. */
export function serveChannels(options: ServerOptions, others: (shared: Shared) => Channels = () => ({})): App {
  const { store, publicUrl, log, metrics, seal, ask } = options
  const monotonic = () => performance.now()
  const gate = openGate(store, (changes, outcomes) => countOutcomes(metrics, changes, outcomes))
  const signingKeys = openSigningKeys(store, seal, { now: Date.now, monotonic })
  const keySets = openKeySets({
    isLocal: isLocalOnly(publicUrl),
    now: monotonic,
    onFailure: (place, why) => log.warn({ place, why }, 'keys of another server cannot be had'),
    ...(ask && { ask }),
  })
  const onRefused = (institution: string, why: string) => log.info({ institution, why }, 'a client was refused')
  const readJwt = jwtReader({ store, signingKeys, keySets, publicUrl, now: Date.now, onRefused })
  const authenticate = authenticator(store, readJwt, { now: Date.now, monotonic })
  const limiter = rateLimiter(monotonic)
  const turns = new Turns()
  const failed = (error: unknown, request: Request) => {
    // A body that stopped coming is nobody's fault here.
    if (request.signal.aborted) return log.debug({ requestId: numberOf(request) }, 'the caller went away')
    if (error instanceof StoreError) metrics?.storeError(error.fault)
    log.error({ err: error, requestId: numberOf(request) }, 'failed')
  }
  const channel = (scope: Scope) => ({
    store,
    gate,
    turns,
    publicUrl,
    failed,
    admit: admission(authenticate, limiter, scope),
  })
  const channels: Channels = {
    oauth: oauthApp({ store, signingKeys, keySets, limiter, publicUrl, onRefused, failed }),
    'scim/v2': scimApp({ ...channel('scim'), seal }),
    'api/v1': apiApp(channel('api')),
    ...others({ limiter, signingKeys, channel }),
  }
  const { appFor, routes, routeOf } = dispatcher(publicUrl, operation(options, signingKeys, Object.keys(channels)), channels)
  const serve: Fetch = async (request, exchange) => {
    try {
      return await appFor(pathOf(request.url)).fetch(request, exchange)
    } catch (error) {
      failed(error, request)
      return problemDocument({
        title: 'Internal Server Error',
        status: 500,
        detail: 'the server failed; the failure has been recorded',
      })
    }
  }
  return Object.assign(watchRequests(serve, { log, routeOf, ...(metrics && { metrics }) }), { routes })
}

/** What operation asks for, and the keys that others check our JWTs with. */
function operation({ store, metrics, publicUrl }: ServerOptions, signingKeys: SigningKeys, channels: readonly string[]): Hono {
  const app = plainApp(publicUrl)
  app.get('/', () => frontPage(publicUrl, channels))
  app.get('/healthz', (c) => c.text('ok'))
  // A proxy keeps these inside by their letters: what only means the same, as /metrics/ and /%6detrics do, is not there.
  const asSpelled = (path: string, serve: (c: Context) => Promise<Response>) =>
    app.get(path, (c) => ((c.env as Exchange).incoming.url?.split('?')[0] === path ? serve(c) : c.notFound()))
  asSpelled('/readyz', async (c) => {
    const isReady = await answersSoon(store)
    return c.text(isReady ? 'ready' : 'the store does not answer', isReady ? 200 : 503)
  })
  if (metrics) asSpelled('/metrics', async (c) => c.body(await metrics.text(), 200, { 'content-type': metrics.contentType }))
  app.get('/.well-known/jwks.json', async (c) => {
    c.header('cache-control', 'public, max-age=300')
    return c.json(await signingKeys.published(), 200, { 'content-type': 'application/jwk-set+json' })
  })
  app.get('/.well-known/oauth-authorization-server/institutions/:institution', (c) => {
    const institution = c.req.param('institution')
    return INSTITUTION_ID.test(institution) ? c.json(serverMetadata(publicUrl, institution)) : c.notFound()
  })
  return app
}

function countOutcomes(metrics: Metrics | undefined, changes: readonly Change[], outcomes: readonly Outcome[]): void {
  if (!metrics) return
  metrics.batch(changes.length)
  // What is alike and next to each other is counted together: a batch is mostly of one kind.
  let from = 0
  for (const [index, { kind }] of outcomes.entries()) {
    const channel = channelOf((changes[index] as Change).source)
    const next = changes[index + 1]
    if (next !== undefined && channelOf(next.source) === channel && outcomes[index + 1]?.kind === kind) continue
    metrics.outcome(channel, kind, index + 1 - from)
    from = index + 1
  }
}

async function answersSoon(store: Store): Promise<boolean> {
  const answers = store.ping().then(
    () => true,
    () => false,
  )
  return (await inTime(answers, READY_MS)) === true
}
