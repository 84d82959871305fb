/**
 * The door for machines: OAuth 2.0 client credentials, with secrets and with signed assertions; asked by a library of others
 * (`oauth4webapi`), and attacked.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { generateKeyPair, UnsecuredJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import type { Client } from '../src/auth/clients.ts'
import { createClient, revokeClient, rotateClient } from '../src/auth/clients.ts'
import { DAY_MS } from '../src/days.ts'
import { EVERYTHING } from '../src/store/predicate.ts'
import type { Store } from '../src/store/store.ts'
import type { Door } from './door.ts'
import { ASSERTION_TYPE, aClient, anInstitution, by, openDoor, statusOf } from './door.ts'
import type { Issuer } from './issuer.ts'
import { openIssuer } from './issuer.ts'
import { forEachStore } from './stores.ts'

const YEAR_MS = 365 * DAY_MS
const insecure = { [oauth.allowInsecureRequests]: true }
const now = () => Math.floor(Date.now() / 1000)

await forEachStore((name, place) => {
  describe(`the door for machines, on ${name}`, () => {
    const open = new AsyncDisposableStack()
    let store: Store
    let door: Door
    let metadata: oauth.AuthorizationServer
    let client: Client
    let secret: string

    before(async () => {
      store = open.use(await place().open())
      for (const id of ['north', 'south']) await anInstitution(store, id)
      await anInstitution(store, 'busy', { rateLimit: {} })
      door = open.use(await openDoor(store))
      const issuer = new URL(`${door.origin}/institutions/north`)
      const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
      metadata = await oauth.processDiscoveryResponse(issuer, discovered)
      ;({ client, secret } = await aClient(store))
    })
    after(() => open.disposeAsync())

    async function granted(proof: oauth.ClientAuth, id = client._id, parameters: Record<string, string> = {}) {
      const asked = { client_id: id }
      const response = await oauth.clientCredentialsGrantRequest(metadata, asked, proof, parameters, insecure)
      return oauth.processClientCredentialsResponse(metadata, asked, response)
    }

    const withSecret = () => granted(oauth.ClientSecretBasic(secret))

    describe('a client with a secret', () => {
      for (const [why, proof] of [
        ['in the header', (text: string) => oauth.ClientSecretBasic(text)],
        ['in the body', (text: string) => oauth.ClientSecretPost(text)],
      ] as const)
        it(`gets a token for an hour when it shows it ${why}, and the token opens what it is for`, async () => {
          const { access_token: token, expires_in: seconds, scope } = await granted(proof(secret))
          assert.deepEqual([seconds, scope], [3600, 'scim'])
          assert.equal(await statusOf(door.enter(token)), 200)
          const other = await door.enter(token, 'north/api/v1/users')
          assert.equal(other.status, 403)
          assert.match(other.headers.get('www-authenticate') ?? '', /^Bearer error="insufficient_scope", scope="api"$/)
        })

      it('gets a token that others can check by what is published', async () => {
        const { access_token: token } = await withSecret()
        const request = new Request(`${door.origin}/institutions/north/scim/v2/Users`, {
          headers: { authorization: `Bearer ${token}` },
        })
        const claims = await oauth.validateJwtAccessToken(metadata, request, metadata.issuer, insecure)
        assert.deepEqual([claims.sub, claims.client_id, claims.scope], [client._id, client._id, 'scim'])
      })

      it('stands in the audit trail with its source', async () => {
        const { access_token: token } = await withSecret()
        const body = JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'ada@uni.edu' })
        const made = await door.enter(token, 'north/scim/v2/Users', {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/scim+json' },
        })
        assert.equal(made.status, 201)
        const { id } = (await made.json()) as { id: string }
        const [event] = await store.find('events', 'north', { where: { op: 'eq', path: 'subject', value: id }, limit: 1 })
        assert.deepEqual([event?.source, event?.credential], ['scim:entra', client._id])
      })

      it('may have two, of which each holds until it ends', async () => {
        const first = await aClient(store)
        const { _id: id } = first.client
        const rotated = await rotateClient(store, { institution: 'north', id, until: Date.now() + YEAR_MS, by, now: Date.now() })
        assert.ok(rotated.kind === 'rotated')
        const [old, next] = await Promise.all(
          [first.secret, rotated.secret].map(async (text) => (await granted(oauth.ClientSecretPost(text), id)).access_token),
        )
        const ended = first.client.secrets[0]?.id ?? ''
        assert.ok(await revokeClient(store, { institution: 'north', id, secret: ended, by, now: Date.now() }))
        assert.deepEqual([await statusOf(door.enter(old ?? '')), await statusOf(door.enter(next ?? ''))], [401, 200])
        await assert.rejects(granted(oauth.ClientSecretPost(first.secret), id), /challenge in the WWW-Authenticate/)
        assert.ok(await granted(oauth.ClientSecretPost(rotated.secret), id))
      })

      it('has ended with all that it was given once it is revoked', async () => {
        const { client: short, secret: text } = await aClient(store)
        const { access_token: token } = await granted(oauth.ClientSecretPost(text), short._id)
        assert.ok(await revokeClient(store, { institution: 'north', id: short._id, by, now: Date.now() }))
        assert.equal(await statusOf(door.enter(token)), 401)
      })

      it('may ask for more than there is, but not for what it has not', async () => {
        for (const scope of ['scim', 'scim api', 'scim.readwrite', '.default'])
          assert.equal((await granted(oauth.ClientSecretPost(secret), client._id, { scope })).scope, 'scim')
        await assert.rejects(granted(oauth.ClientSecretPost(secret), client._id, { scope: 'api' }), /error|invalid_scope/)
      })

      it('learns nothing when it is refused: every reason looks the same, and the log has it', async () => {
        const over = await aClient(store, 'north', Date.now() - 1)
        const south = await aClient(store, 'south')
        const form = { grant_type: 'client_credentials', client_id: client._id, client_secret: secret }
        const assertion = { grant_type: 'client_credentials', client_assertion_type: ASSERTION_TYPE }
        door.log.length = 0
        const answers = await Promise.all([
          door.ask({ ...form, client_secret: 'mcs_wrong' }),
          door.ask({ ...form, client_id: crypto.randomUUID() }),
          door.ask({ ...form, client_id: 'nobody' }),
          door.ask({ ...form, client_id: '../../etc/passwd' }),
          door.ask({ ...form, client_id: over.client._id, client_secret: over.secret }),
          door.ask({ ...form, client_id: south.client._id, client_secret: south.secret }),
          door.ask({ ...form, client_secret: south.secret }),
          door.ask(form, {}, 'south'),
          door.ask(form, {}, 'nowhere'),
          door.ask(form, {}, '*'),
          door.ask({ grant_type: 'client_credentials' }),
          door.ask({ grant_type: 'client_credentials' }, { authorization: 'Basic !' }),
          door.ask({ grant_type: 'client_credentials' }, { authorization: `Basic ${btoa(`${client._id}:%`)}` }),
          door.ask({ grant_type: 'client_credentials' }, { authorization: `Bearer ${secret}` }),
          door.ask({ ...assertion, client_assertion: 'nonsense' }),
          door.ask({ ...assertion, client_assertion: new UnsecuredJWT({ iss: client._id }).encode() }),
        ])
        const told = new Set<string>()
        for (const answer of answers) {
          assert.equal(answer.status, 401)
          told.add(
            JSON.stringify([await answer.text(), answer.headers.get('www-authenticate'), answer.headers.get('cache-control')]),
          )
        }
        assert.equal(told.size, 1)
        assert.match([...told][0] ?? '', /invalid_client.*Basic realm=.*no-store/)
        const whys = door.log.filter(({ msg }) => msg === 'a client was refused').map(({ why }) => why)
        assert.ok(whys.includes(`the secret is none of client ${client._id}, or is over`))
        assert.ok(whys.includes('there is no such client'))
        assert.ok(!JSON.stringify(door.log).includes('mcs_'))
      })
    })

    describe('a request for a token', () => {
      const form = () => ({ grant_type: 'client_credentials', client_id: client._id, client_secret: secret })
      for (const [why, ask, status, error] of [
        ['without a grant type', () => door.ask({ ...form(), grant_type: '' }), 400, 'invalid_request'],
        ['for a code', () => door.ask({ ...form(), grant_type: 'authorization_code' }), 400, 'unsupported_grant_type'],
        ['for a password', () => door.ask({ ...form(), grant_type: 'password' }), 400, 'unsupported_grant_type'],
        ['that is JSON', () => door.ask(JSON.stringify(form()), { 'content-type': 'application/json' }), 400, 'invalid_request'],
        ['with a field twice', () => door.ask(`${new URLSearchParams(form())}&client_id=x`), 400, 'invalid_request'],
        ['with a hundred fields', () => door.ask(`${'a=1&'.repeat(99)}${new URLSearchParams(form())}`), 400, 'invalid_request'],
        [
          'that proves itself twice',
          () => door.ask(form(), { authorization: `Basic ${btoa(`${client._id}:${secret}`)}` }),
          400,
          'invalid_request',
        ],
        [
          'that is no text',
          () => door.ask('\xff\xfe', { 'content-type': 'application/x-www-form-urlencoded' }),
          400,
          'invalid_request',
        ],
        ['of a megabyte', () => door.ask({ ...form(), scope: 'x'.repeat(1_000_000) }), 413, 'invalid_request'],
        ['by GET', () => fetch(`${metadata.token_endpoint}?${new URLSearchParams(form())}`), 405, 'invalid_request'],
      ] as const)
        it(`${why} is refused as the standard says`, async () => {
          const answer = await ask()
          assert.equal(answer.status, status)
          assert.equal(answer.headers.get('cache-control'), 'no-store')
          const told = (await answer.json()) as { error: string; error_description: string }
          assert.equal(told.error, error)
          assert.match(told.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
        })

      it('may come sixty times a minute from one address, and without bound where the institution says so', async () => {
        const { client: busy, secret: text } = await aClient(store, 'busy')
        const ask = (institution: string, id: string, proof: string) =>
          door.ask({ grant_type: 'client_credentials', client_id: id, client_secret: proof }, {}, institution)
        const answers = await Promise.all(Array.from({ length: 70 }, () => ask('busy', busy._id, text)))
        const statuses = answers.map(({ status }) => status)
        const refused = statuses.filter((status) => status === 429).length
        assert.ok(refused >= 1 && refused <= 10, String(refused))
        assert.ok(Number(answers.find(({ status }) => status === 429)?.headers.get('retry-after')) >= 1)
        await Promise.all(answers.map(({ body }) => body?.cancel()))
        const free = await Promise.all(Array.from({ length: 70 }, () => statusOf(ask('north', client._id, secret))))
        assert.deepEqual(new Set(free), new Set([200]))
      })

      it('counts whoever makes up names that no institution can have as one', async () => {
        const form = { grant_type: 'client_credentials' }
        const answers = Array.from({ length: 70 }, (_, n) => statusOf(door.ask(form, {}, `${'x'.repeat(1000)}${n}`)))
        assert.ok((await Promise.all(answers)).includes(429))
      })
    })

    describe('a client with keys of its own', () => {
      for (const [alg, where] of [
        ['RS256', 'kept here'],
        ['ES256', 'kept here'],
        ['EdDSA', 'kept here'],
        ['PS256', 'published'],
      ] as const)
        it(`signs its requests by ${alg} with keys that are ${where}`, async () => {
          await using owner = await openIssuer(alg)
          const publicKeys = where === 'published' ? { jwksUrl: owner.jwksUrl } : { jwks: owner.keys }
          const given = { institution: 'north', scope: 'scim', proof: { publicKeys }, by, now: Date.now() } as const
          const { client: own, secret: none } = await createClient(store, given)
          assert.equal(none, undefined)
          const key = { key: owner.privateKey, kid: 'key-1' } as unknown as oauth.PrivateKey
          const { access_token: token } = await granted(oauth.PrivateKeyJwt(key), own._id)
          assert.equal(await statusOf(door.enter(token)), 200)
        })

      describe('is not taken at its word', () => {
        let owner: Issuer
        let own: Client
        before(async () => {
          owner = open.use(await openIssuer('ES256'))
          const proof = { publicKeys: { jwks: owner.keys } }
          ;({ client: own } = await createClient(store, { institution: 'north', scope: 'scim', proof, by, now: Date.now() }))
        })
        const claims = () => ({
          iss: own._id,
          sub: own._id,
          aud: metadata.token_endpoint ?? '',
          jti: crypto.randomUUID(),
          exp: now() + 60,
        })
        const show = async (token: string, more: Record<string, string> = {}) => {
          const shown = { client_assertion_type: ASSERTION_TYPE, client_assertion: token, ...more }
          return statusOf(door.ask({ grant_type: 'client_credentials', ...shown }))
        }

        it('but for one assertion, once', async () => {
          const token = await owner.sign(claims())
          const statuses = await Promise.all(Array.from({ length: 10 }, () => show(token)))
          assert.deepEqual(statuses.sort(), [200, ...Array.from({ length: 9 }, () => 401)])
          assert.equal(await show(await owner.sign(claims()), { client_id: own._id }), 200)
        })

        for (const [why, change] of [
          ['for another server', { aud: 'https://other.example/token' }],
          ['for another institution', { aud: 'south' }],
          ['by another subject', { sub: 'somebody' }],
          ['without a number', { jti: undefined }],
          ['that is over', { exp: 1 }],
          ['without an end', { exp: undefined }],
          ['good for a day', { exp: Math.floor(Date.now() / 1000) + 86_400 }],
        ] as const)
          it(`when its assertion is ${why}`, async () => {
            assert.equal(await show(await owner.sign(claims())), 200)
            assert.equal(await show(await owner.sign({ ...claims(), ...change })), 401)
          })

        it('when its assertion is signed by another key, or by its public one', async () => {
          const { privateKey } = await generateKeyPair('ES256')
          assert.equal(await show(await owner.sign(claims(), {}, privateKey)), 401)
          const shared = new TextEncoder().encode(JSON.stringify(owner.keys[0]))
          assert.equal(await show(await owner.sign(claims(), { alg: 'HS256' }, shared)), 401)
        })

        it('when the form names another client, or the type is missing', async () => {
          assert.equal(await show(await owner.sign(claims()), { client_id: client._id }), 401)
          assert.equal(await show(await owner.sign(claims()), { client_assertion_type: 'x' }), 401)
        })
      })
    })

    it('leaves no secret in the store', async () => {
      const kept = JSON.stringify([
        await store.find('clients', 'north', { where: EVERYTHING, limit: 100 }),
        await store.find('events', 'north', { where: EVERYTHING, limit: 100 }),
      ])
      assert.ok(kept.includes(client._id) && !kept.includes(secret) && !kept.includes('mcs_'))
    })
  })
})
