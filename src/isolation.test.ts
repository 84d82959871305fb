/**
 * Institutions never see each other: every route of every channel, taken from the routers themselves so that a new one
 * cannot be forgotten, with the tokens of another institution.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { aChange } from '../test/builders.ts'
import { forEachStore } from '../test/stores.ts'
import { apiApp } from './api/app.ts'
import { createApp } from './app.ts'
import { sealWith } from './auth/seal.ts'
import type { Scope } from './auth/tokens.ts'
import { createToken } from './auth/tokens.ts'
import { openHttpServer } from './cli/http-server.ts'
import { apply } from './directory/apply.ts'
import { getInstitution } from './directory/institution.ts'
import { createInstitution } from './directory/institution-changes.ts'
import { openLog } from './observe/log.ts'
import { openMetrics } from './observe/metrics.ts'
import { scimApp } from './scim/app.ts'
import { EVERYTHING } from './store/predicate.ts'
import type { Store } from './store/store.ts'

const by = { source: 'admin' } as const
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
/** The same for everybody, and readable by everybody (RFC 7643 section 5; a page about the interface). */
const OPEN = [/ServiceProviderConfig$/, /openapi\.json$/, /docs$/, /\/Me$/, /\*$/]

/** Where each channel stands, which scope it asks for, and the patterns of its own router. */
const never = () => {
  throw new Error('asked for its routes only')
}
const unused = { store: {} as Store, gate: {} as never, publicUrl: '', admit: never, failed: never }
const channels: readonly { readonly at: string; readonly scope: Scope; readonly paths: readonly string[] }[] = [
  { at: 'scim/v2', scope: 'scim', paths: pathsOf(scimApp(unused)) },
  { at: 'api/v1', scope: 'api', paths: pathsOf(apiApp(unused)) },
]

function pathsOf({ routes }: { readonly routes: readonly { readonly path: string }[] }): string[] {
  return [...new Set(routes.map(({ path }) => path))].filter((path) => !OPEN.some((open) => open.test(path)))
}

await forEachStore((name, place) => {
  describe(`a token of another institution, on ${name}`, () => {
    const open = new AsyncDisposableStack()
    const tokens = new Map<Scope, string>()
    let store: Store
    let origin: string
    let id: string
    before(async () => {
      store = open.use(await place().open())
      for (const institution of ['north', 'south']) {
        await createInstitution(store, {
          id: institution,
          name: institution,
          settings: { rateLimit: { perSecond: 0 } },
          by,
          now: Date.now(),
        })
      }
      for (const scope of ['scim', 'api'] as const) {
        tokens.set(scope, (await createToken(store, { institution: 'south', scope, by, now: Date.now() })).text)
      }
      const north = await getInstitution(store, 'north')
      assert.ok(north !== undefined)
      const [made] = await apply(store, north, [aChange({ netid: 'ada1', email: 'ada@uni.edu', first: 'Ada', last: 'Lovelace' })])
      assert.ok(made?.kind === 'created')
      id = made.user._id
      const app = createApp({
        store,
        publicUrl: 'https://roll.uni.edu',
        log: openLog('silent', { write() {} }),
        metrics: openMetrics(),
        seal: sealWith('a key for tests alone'),
      })
      const http = open.use(await openHttpServer({ host: '127.0.0.1', port: 0 }, () => app))
      origin = `http://127.0.0.1:${http.port}`
    })
    after(() => open.disposeAsync())

    const everything = async () => [
      await store.find('users', 'north', { where: EVERYTHING, limit: 10 }),
      await store.find('events', 'north', { where: EVERYTHING, limit: 10 }),
    ]

    for (const { at, scope, paths } of channels) {
      for (const path of paths) {
        it(`opens nothing at ${at}${path}`, async () => {
          const before = await everything()
          for (const method of METHODS) {
            const where = path.replace(/:id\b/, id).replace(/:\w+/, 'User')
            const response = await fetch(`${origin}/institutions/north/${at}${where}`, {
              method,
              headers: { authorization: `Bearer ${tokens.get(scope)}`, 'content-type': 'application/json' },
              ...(method === 'GET' || method === 'HEAD' ? {} : { body: '{"userName":"x","netid":"ada1"}' }),
            })
            const text = await response.text()
            assert.ok([401, 405].includes(response.status), `${method} ${where}: ${response.status} ${text}`)
            assert.doesNotMatch(text, /ada|lovelace/i)
          }
          assert.deepEqual(await everything(), before)
        })
      }
    }

    it(`finds nobody of it by id in its own ${channels.map(({ at }) => at).join(' and ')}`, async () => {
      for (const { at, scope } of channels) {
        const users = at === 'scim/v2' ? 'Users' : 'users'
        const response = await fetch(`${origin}/institutions/south/${at}/${users}/${id}`, {
          headers: { authorization: `Bearer ${tokens.get(scope)}` },
        })
        await response.body?.cancel()
        assert.equal(response.status, 404)
      }
    })
  })
})
