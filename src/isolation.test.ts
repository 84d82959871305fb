/**
 * Institutions never see each other: every route, taken from the routers themselves so that a new one cannot be forgotten,
 * with everything that opens another institution: tokens and access tokens of each scope, JWTs of an issuer that it trusts.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { aChange } from '../test/builders.ts'
import { ASSERTION_TYPE, anInstitution, by, seal } from '../test/door.ts'
import type { Issuer } from '../test/issuer.ts'
import { openIssuer } from '../test/issuer.ts'
import { forEachStore } from '../test/stores.ts'
import { createApp } from './app.ts'
import { createClient } from './auth/clients.ts'
import type { Scope } from './auth/tokens.ts'
import { createToken, SCOPES } from './auth/tokens.ts'
import { openHttpServer } from './cli/http-server.ts'
import { DAY_MS } from './days.ts'
import { apply } from './directory/apply.ts'
import { openGroupWrites } from './directory/groups/writes.ts'
import { getInstitution } from './directory/institution.ts'
import { openLog } from './observe/log.ts'
import { openMetrics } from './observe/metrics.ts'
import { EVERYTHING } from './store/predicate.ts'
import type { Store } from './store/store.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Asked without a token, with the test that holds them apart. */
const WITHOUT_TOKEN: readonly (readonly [route: RegExp, why: string])[] = [
  [/^\/$/, 'where things are, and nothing of an institution: src/app.test.ts'],
  [/^\/(healthz|readyz|metrics)$/, 'operation: nothing of an institution'],
  [/^\/\.well-known\//, 'the same for every institution, whether there is one or not'],
  [/\/scim\/v2\/ServiceProviderConfig$/, 'the same for everybody (RFC 7643 section 5)'],
  [/\/api\/v1\/(openapi\.json|docs)$/, 'the same for everybody'],
  [/\/oauth\/token$/, 'below, and test/oauth.test.ts'],
  [/\/saml\/(metadata|login|acs|logout|signed-in)$/, 'for browsers of people who have no token: src/saml, test/saml'],
  [/\*$/, 'nothing stands there'],
]

const dataDir = mkdtempSync(join(tmpdir(), 'matricula-'))
after(() => rmSync(dataDir, { recursive: true, force: true }))

const quiet = { log: openLog('silent', { write() {} }), metrics: openMetrics(), seal, dataDir }
const { routes } = createApp({ ...quiet, store: {} as Store, publicUrl: 'https://roll.uni.edu' })
const walked = routes.filter((route) => !WITHOUT_TOKEN.some(([open]) => open.test(route)))

await forEachStore((name, place) => {
  describe(`what opens another institution, on ${name}`, () => {
    const open = new AsyncDisposableStack()
    /** Of the south, by what they are. */
    const tokens = new Map<string, string>()
    let store: Store
    let origin: string
    let issuer: Issuer
    let id: string
    let group: string
    before(async () => {
      store = open.use(await place().open())
      issuer = open.use(await openIssuer())
      await anInstitution(store, 'north')
      const trusted = SCOPES.map((scope) => ({ name: scope, issuer: issuer.url, keys: issuer.keys, audience: scope, scope }))
      await anInstitution(store, 'south', { trustedIssuers: trusted })
      const north = await getInstitution(store, 'north')
      assert.ok(north !== undefined)
      const ada = { netid: 'ada1', email: 'ada@uni.edu', first: 'Ada', last: 'Lovelace' }
      const eve = { netid: 'ada2', email: 'eve@uni.edu', first: 'Ada Eve', last: 'Lovelace' }
      const [made] = await apply(store, north, [aChange(ada), aChange(eve)])
      assert.ok(made?.kind === 'created')
      id = made.user._id
      const edit = () => ({ displayName: 'Lovelace society', binding: { state: 'bound' } }) as const
      const formed = await openGroupWrites(store).write('north', { target: { displayName: '' }, source: 'scim', edit })
      assert.ok(formed.kind === 'created')
      group = formed.group._id
      const app = (port: number) => createApp({ ...quiet, store, publicUrl: `http://127.0.0.1:${port}` })
      const http = open.use(await openHttpServer({ host: '127.0.0.1', port: 0 }, app))
      origin = `http://127.0.0.1:${http.port}`
      for (const scope of SCOPES) await makeTokens(scope)
    })
    after(() => open.disposeAsync())

    async function makeTokens(scope: Scope): Promise<void> {
      const given = { institution: 'south', scope, by, now: Date.now() } as const
      tokens.set(`${scope} token`, (await createToken(store, given)).text)
      const proof = { secretUntil: Date.now() + DAY_MS }
      const { client, secret = '' } = await createClient(store, { ...given, proof })
      const answer = await ask('south', { client_id: client._id, client_secret: secret })
      assert.equal(answer.status, 200)
      tokens.set(`${scope} access token`, ((await answer.json()) as { access_token: string }).access_token)
      const claims = { iss: issuer.url, aud: scope, sub: 'machine', exp: Math.floor(Date.now() / 1000) + 600 }
      tokens.set(`${scope} JWT`, await issuer.sign(claims))
    }

    const ask = (institution: string, form: { readonly [name: string]: string }) =>
      fetch(`${origin}/institutions/${institution}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'client_credentials', ...form }),
      })

    const get = (path: string, token = '') =>
      fetch(`${origin}/institutions/${path}`, { headers: { authorization: `Bearer ${token}` } })

    const everything = async () => [
      await store.find('users', 'north', { where: EVERYTHING, limit: 10 }),
      await store.find('groups', 'north', { where: EVERYTHING, limit: 10 }),
      await store.find('events', 'north', { where: EVERYTHING, limit: 10 }),
      await store.find('runs', 'north', { where: EVERYTHING, limit: 10 }),
    ]

    it('opens that institution', async () => {
      for (const [path, scope] of [
        ['south/scim/v2/Users', 'scim'],
        ['south/api/v1/users', 'api'],
      ] as const) {
        for (const kind of ['token', 'access token', 'JWT']) {
          const { status, body } = await get(path, tokens.get(`${scope} ${kind}`))
          await body?.cancel()
          assert.equal(status, 200, `${scope} ${kind}`)
        }
      }
    })

    for (const route of walked) {
      it(`opens nothing at ${route}`, async () => {
        const before = await everything()
        const own = route.includes('/Groups') ? group : id
        const path = route.replace(':institution', 'north').replace(/:id\b/, own).replace(/:\w+/g, 'User')
        for (const [what, token] of tokens) {
          for (const method of METHODS) {
            const response = await fetch(origin + path, {
              method,
              headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
              ...(method === 'GET' || method === 'HEAD' ? {} : { body: '{"userName":"x","displayName":"x","netid":"ada1"}' }),
            })
            const text = await response.text()
            assert.ok([401, 405, 501].includes(response.status), `${method} ${path}, ${what}: ${response.status} ${text}`)
            assert.doesNotMatch(text, /ada|lovelace/i)
          }
        }
        assert.deepEqual(await everything(), before)
      })
    }

    it('gets no token of it', async () => {
      const { client, secret = '' } = await createClient(store, {
        institution: 'south',
        scope: 'scim',
        proof: { secretUntil: Date.now() + DAY_MS },
        by,
        now: Date.now(),
      })
      const assertion = { client_assertion_type: ASSERTION_TYPE, client_assertion: tokens.get('scim JWT') ?? '' }
      for (const form of [{ client_id: client._id, client_secret: secret }, assertion]) {
        for (const [institution, status] of [
          ['south', 200],
          ['north', 401],
        ] as const) {
          const answer = await ask(institution, form)
          await answer.body?.cancel()
          assert.equal(answer.status, status)
        }
      }
    })

    it('finds nobody of it by id, nor by where a list of it goes on', async () => {
      const own = (await createToken(store, { institution: 'north', scope: 'api', by, now: Date.now() })).text
      const page = (await (await get('north/api/v1/users?limit=1', own)).json()) as { users: unknown[]; next: string }
      assert.equal(page.users.length, 1)
      const next = new URL(page.next).search
      for (const [path, scope] of [
        [`south/scim/v2/Users/${id}`, 'scim'],
        [`south/api/v1/users/${id}`, 'api'],
        [`south/api/v1/users/${id}/events`, 'api'],
        [`south/api/v1/users${next}`, 'api'],
      ] as const) {
        const response = await get(path, tokens.get(`${scope} token`))
        const text = await response.text()
        if (!path.endsWith(next)) assert.equal(response.status, 404, path)
        assert.doesNotMatch(text, /ada|lovelace/i)
      }
    })

    it('finds no group of it by id, and cannot take its people into a group of its own', async () => {
      const send = (method: string, path: string, body?: object) =>
        fetch(`${origin}/institutions/south/scim/v2${path}`, {
          method,
          headers: { authorization: `Bearer ${tokens.get('scim token')}`, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
      for (const method of ['GET', 'DELETE']) {
        const response = await send(method, `/Groups/${group}`)
        await response.body?.cancel()
        assert.equal(response.status, 404)
      }
      for (const value of [id, group]) {
        const response = await send('POST', '/Groups', { displayName: 'x', members: [{ value }] })
        assert.equal(response.status, 400)
        assert.doesNotMatch(await response.text(), /ada|lovelace/i)
      }
    })
  })
})
