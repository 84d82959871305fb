/**
 * JWTs at the door: of issuers that an institution trusts, as Entra's federated identity shows them; of nobody, or made by
 * every trick in the book; and our own where they do not belong.
 */
import assert from 'node:assert/strict'
import type { JsonWebKey } from 'node:crypto'
import { constants, createPublicKey, KeyObject, sign } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { SignJWT, UnsecuredJWT } from 'jose'
import { admission } from '../src/auth/admit.ts'
import { authenticator } from '../src/auth/authenticate.ts'
import { jwtReader } from '../src/auth/bearer-jwt.ts'
import type { Client } from '../src/auth/clients.ts'
import { openKeySets } from '../src/auth/key-sets.ts'
import { openSigningKeys } from '../src/auth/signing-keys.ts'
import { changeInstitution } from '../src/directory/institution-changes.ts'
import type { Json } from '../src/directory/user.ts'
import { rateLimiter } from '../src/limits/rate.ts'
import type { Store } from '../src/store/store.ts'
import { cpuMsOf } from './cpu.ts'
import type { Door } from './door.ts'
import { ASSERTION_TYPE, aClient, anInstitution, by, openDoor, seal, statusOf } from './door.ts'
import type { Issuer } from './issuer.ts'
import { openIssuer } from './issuer.ts'
import { forEachStore } from './stores.ts'

const AUDIENCE = 'api://b5ba7a93-4452-4522-aeb4-a2b5da870c16'
const SUBJECT = 'd2f8ee76-c549-45b8-a143-f5b640669704'
const GRANT = { grant_type: 'client_credentials', client_assertion_type: ASSERTION_TYPE } as const
const clock = { now: Date.now, monotonic: () => performance.now() }
const now = () => Math.floor(Date.now() / 1000)

await forEachStore((name, place) => {
  describe(`JWTs at the door, on ${name}`, () => {
    const open = new AsyncDisposableStack()
    let store: Store
    let door: Door
    let entra: Issuer
    let stranger: Issuer
    let client: Client
    before(async () => {
      store = open.use(await place().open())
      entra = open.use(await openIssuer())
      stranger = open.use(await openIssuer())
      const { jwksUrl, keys, url } = entra
      await anInstitution(store, 'north', {
        trustedIssuers: [
          { name: 'entra', issuer: `${url}/v2.0`, jwksUrl, audience: AUDIENCE, claims: { sub: SUBJECT } },
          { name: 'portal', issuer: `${url}/people`, keys: keys, audience: ['portal', 'other'], scope: 'api' },
        ],
      })
      await anInstitution(store, 'south')
      door = open.use(await openDoor(store))
      ;({ client } = await aClient(store))
    })
    after(() => open.disposeAsync())

    /** What Entra sends. */
    const asEntra = (assertion: string, institution = 'north') =>
      door.ask({ ...GRANT, client_id: 'entra', client_assertion: assertion, scope: 'scim' }, {}, institution)

    /** What an assertion of Entra says. */
    const entraClaims = () => ({
      iss: `${entra.url}/v2.0`,
      aud: AUDIENCE,
      sub: SUBJECT,
      oid: SUBJECT,
      appid: AUDIENCE.slice(6),
      iat: now(),
      nbf: now(),
      exp: now() + 3900,
      ver: '2.0',
    })

    describe('a token of an issuer that the institution trusts', () => {
      it('is exchanged for one of ours, as Entra does it, again and again', async () => {
        const assertion = await entra.sign(entraClaims())
        for (let attempt = 0; attempt < 2; attempt++) {
          const answer = await asEntra(assertion)
          assert.equal(answer.status, 200, JSON.stringify(door.log.at(-1)))
          const told = (await answer.json()) as { access_token: string; expires_in: number; scope: string }
          assert.deepEqual([told.expires_in, told.scope], [3600, 'scim'])
          assert.equal(await statusOf(door.enter(told.access_token)), 200)
        }
        assert.equal(entra.asked(), 1)
      })

      it('opens the institution itself', async () => {
        assert.equal(await statusOf(door.enter(await entra.sign(entraClaims()))), 200)
        const people = { iss: `${entra.url}/people`, aud: ['x', 'portal'], sub: 'ada', exp: now() + 60 }
        assert.equal(await statusOf(door.enter(await entra.sign(people), 'north/api/v1/users')), 200)
        assert.equal(await statusOf(door.enter(await entra.sign(people))), 403)
      })

      for (const [why, id, change] of [
        ['ends with the trust', 'short', () => null],
        ['ends when the trust is in somebody else', 'other', (issuer) => [{ ...issuer, claims: { sub: 'another' } }]],
      ] satisfies [why: string, id: string, change: (issuer: object) => object[] | null][])
        it(`${why}, and so does what it was exchanged for`, async () => {
          const issuer = { name: 'short', issuer: `${stranger.url}/`, keys: stranger.keys, audience: 'a' }
          await anInstitution(store, id, { trustedIssuers: [issuer] })
          const assertion = await stranger.sign({ iss: issuer.issuer, aud: 'a', sub: 'machine', exp: now() + 600 })
          const answer = await door.ask({ ...GRANT, client_assertion: assertion }, {}, id)
          const { access_token: token } = (await answer.json()) as { access_token: string }
          for (const status of [200, 401]) {
            // A server that remembers nothing yet.
            await using fresh = await openDoor(store, door.origin)
            for (const shown of [token, assertion])
              assert.equal(await statusOf(fresh.enter(shown, `${id}/scim/v2/Users`)), status)
            const settings = JSON.parse(JSON.stringify({ trustedIssuers: change(issuer) })) as Json
            await changeInstitution(store, { id, settings, by, now: Date.now() })
          }
        })

      it('is refused at most five seconds after its issuer is no longer trusted', async () => {
        const issuer = { name: 'gone', issuer: `${stranger.url}/`, keys: stranger.keys, audience: 'a' }
        await anInstitution(store, 'leaving', { trustedIssuers: [issuer] } as never)
        let time = 0
        const ticking = { now: Date.now, monotonic: () => time }
        const keySets = openKeySets({ isLocal: true, now: ticking.monotonic, onFailure: (_, why) => assert.fail(why) })
        const signingKeys = openSigningKeys(store, seal, ticking)
        const readJwt = jwtReader({ store, signingKeys, keySets, publicUrl: door.origin, now: Date.now, onRefused: () => {} })
        const authenticate = authenticator(store, readJwt, ticking)
        const header = async () => `Bearer ${await stranger.sign({ iss: issuer.issuer, aud: 'a', sub: 'm', exp: now() + 60 })}`
        const [first, second] = [await header(), await header()]
        const kindOf = async (shown: string) => (await authenticate('leaving', shown, 'scim')).kind
        assert.equal(await kindOf(first), 'ok')
        await changeInstitution(store, { id: 'leaving', settings: { trustedIssuers: null }, by, now: Date.now() })
        time = 3900
        assert.equal(await kindOf(second), 'ok', 'settings are known for five seconds')
        time = 5000
        for (const shown of [first, second]) assert.equal(await kindOf(shown), 'unknown')
      })

      it('speaks of a person unless it is that of a machine', async () => {
        const keySets = openKeySets({ isLocal: true, now: clock.monotonic, onFailure: (_, why) => assert.fail(why) })
        const signingKeys = openSigningKeys(store, seal, clock)
        const onRefused = (_: string, why: string) => assert.fail(why)
        const readJwt = jwtReader({ store, signingKeys, keySets, publicUrl: door.origin, now: Date.now, onRefused })
        const authenticate = authenticator(store, readJwt, clock)
        const people = { iss: `${entra.url}/people`, aud: 'portal', exp: now() + 60 }
        for (const [claims, scope, subject, source] of [
          [{ ...people, sub: 'ada' }, 'api', 'ada', 'api:portal'],
          [{ ...people, sub: 'ada', azp: 'app', oid: 'b2' }, 'api', 'ada', 'api:portal'],
          [{ ...people, sub: 'app', client_id: 'app' }, 'api', undefined, 'api:portal'],
          [entraClaims(), 'scim', undefined, 'scim:entra'],
        ] as const) {
          const admit = admission(authenticate, rateLimiter(clock.monotonic), scope)
          const headers = { authorization: `Bearer ${await entra.sign(claims)}` }
          const admitted = await admit(new Request(door.origin, { headers }), 'north')
          assert.ok(admitted.kind === 'ok')
          assert.deepEqual([admitted.subject, admitted.source], [subject, source])
        }
      })

      describe('opens nothing', () => {
        const attacks: readonly (readonly [why: string, make: () => Promise<string> | string])[] = [
          ['with alg none', () => new UnsecuredJWT(entraClaims()).encode()],
          ['with alg none and a signature', () => `${new UnsecuredJWT(entraClaims()).encode()}AAAA`],
          ['with alg nOnE', () => forged({ alg: 'nOnE', kid: 'key-1' }, entraClaims())],
          ['without alg', () => forged({ kid: 'key-1' }, entraClaims())],
          ['with HS256 and the public key as PEM', () => byPublicKey('pem')],
          ['with HS256 and the public key as JWK', () => byPublicKey('jwk')],
          ['with HS256 and the public key as DER', () => byPublicKey('der')],
          [
            'with HS256 and an empty key',
            () => new SignJWT(entraClaims()).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32)),
          ],
          ['by RS512, which is not on the list', () => signedBy(entra, { alg: 'RS512', kid: 'key-1' }, 'sha512')],
          ['by PS256, which is not on the list', () => signedBy(entra, { alg: 'PS256', kid: 'key-1' }, 'sha256', true)],
          ['by a stranger under the same kid', () => stranger.sign(entraClaims())],
          ['by a key that it brings itself', () => stranger.sign(entraClaims(), { jwk: stranger.keys[0], kid: 'new' })],
          ['by a key that it says where to find', () => stranger.sign(entraClaims(), { jku: stranger.jwksUrl, kid: 'new' })],
          [
            'by a certificate that it says where to find',
            () => stranger.sign(entraClaims(), { x5u: stranger.jwksUrl, kid: 'new' }),
          ],
          ...[
            '../../../dev/null',
            '/proc/self/environ',
            "x' union select '",
            'key-1\0',
            'file:///dev/null',
            '__proto__',
            'k'.repeat(5000),
          ].map((kid) => [`with the kid ${kid.slice(0, 20)}`, () => stranger.sign(entraClaims(), { kid })] as const),
          ['without a kid, by a stranger', () => stranger.sign(entraClaims(), { kid: undefined })],
          ['for another audience', () => entra.sign({ ...entraClaims(), aud: 'api://other' })],
          ['for no audience', () => entra.sign({ ...entraClaims(), aud: undefined })],
          ['for an audience that begins the same', () => entra.sign({ ...entraClaims(), aud: `${AUDIENCE}/x` })],
          ['of another issuer with the same keys', () => entra.sign({ ...entraClaims(), iss: `${entra.url}/v1.0` })],
          ['of another issuer by a letter', () => entra.sign({ ...entraClaims(), iss: `${entra.url}/v2.0/` })],
          ['of no issuer', () => entra.sign({ ...entraClaims(), iss: undefined })],
          ['of an issuer that is no text', () => entra.sign({ ...entraClaims(), iss: [`${entra.url}/v2.0`] })],
          ['of another subject', () => entra.sign({ ...entraClaims(), sub: 'somebody' })],
          ['of no subject', () => entra.sign({ ...entraClaims(), sub: undefined })],
          ['that is over', () => entra.sign({ ...entraClaims(), exp: now() - 31 })],
          ['that begins tomorrow', () => entra.sign({ ...entraClaims(), nbf: now() + 86_400 })],
          ['without an end', () => entra.sign({ ...entraClaims(), exp: undefined })],
          ['whose end is no number', () => entra.sign({ ...entraClaims(), exp: '9999999999' })],
          ['with a header that must be understood', () => signedBy(entra, { alg: 'RS256', kid: 'key-1', crit: ['x'], x: 1 })],
          [
            'with a payload that is not encoded',
            () => signedBy(entra, { alg: 'RS256', kid: 'key-1', b64: false, crit: ['b64'] }),
          ],
          [
            'that was changed',
            async () =>
              (await entra.sign(entraClaims())).replace(
                /\.[^.]+\./,
                (claims) => `.${btoa(atob(claims.slice(1, -1)).replace('2.0"}', '2.1"}')).replaceAll('=', '')}.`,
              ),
          ],
          ['whose signature was cut', async () => (await entra.sign(entraClaims())).slice(0, -4)],
          ['that is encrypted', () => 'e30.e30.e30.e30.e30'],
          ['that is no JSON', () => 'bm9uc2Vuc2U.bm9uc2Vuc2U.bm9uc2Vuc2U'],
          ['that is deep', () => `e30.${btoa('['.repeat(5000)).replaceAll('=', '')}.e30`],
          ['as a JWS in JSON', async () => btoa(JSON.stringify({ payload: (await entra.sign(entraClaims())).split('.')[1] }))],
        ]
        function signedBy({ privateKey }: Issuer, header: object, hash = 'sha256', isPss = false): string {
          const content = `${part(header)}.${part(entraClaims())}`
          const padding = isPss ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}
          const signature = sign(hash, Buffer.from(content), { key: KeyObject.from(privateKey), ...padding })
          return `${content}.${signature.toString('base64url')}`
        }
        async function byPublicKey(form: 'pem' | 'der' | 'jwk'): Promise<string> {
          const [jwk = {}] = entra.keys
          const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
          const bytes = form === 'jwk' ? JSON.stringify(jwk) : key.export({ type: 'spki', format: form as 'pem' })
          return new SignJWT(entraClaims()).setProtectedHeader({ alg: 'HS256', kid: 'key-1' }).sign(Buffer.from(bytes))
        }

        for (const [why, make] of attacks)
          it(`${why}, as a bearer or exchanged`, async () => {
            const token = await make()
            const ms = await cpuMsOf(async () => {
              const bearer = await door.enter(token)
              assert.equal(bearer.status, 401)
              assert.match(bearer.headers.get('www-authenticate') ?? '', /^Bearer error="invalid_token"$/)
              await bearer.body?.cancel()
              assert.equal(await statusOf(asEntra(token)), 401)
            })
            assert.ok(ms < 1000, `it took ${ms.toFixed(0)} ms`)
            assert.equal(stranger.asked(), strangerAsked)
          })
        let strangerAsked = 0
        before(async () => {
          strangerAsked = stranger.asked()
          assert.equal(await statusOf(door.enter(await entra.sign(entraClaims()))), 200)
        })

        it('in another institution, nor as the client of another issuer', async () => {
          const token = await entra.sign(entraClaims())
          assert.equal(await statusOf(door.enter(token, 'south/scim/v2/Users')), 401)
          assert.equal(await statusOf(asEntra(token, 'south')), 401)
          const form = { grant_type: 'client_credentials', client_id: 'portal', client_assertion_type: ASSERTION_TYPE }
          assert.equal(await statusOf(door.ask({ ...form, client_assertion: token })), 401)
        })
      })
    })

    describe('a token of our own opens nothing', () => {
      const signed = (claims: object, type = 'at+jwt') => {
        const keys = openSigningKeys(store, seal, clock)
        const issuer = `${door.origin}/institutions/north`
        const common = { iss: issuer, aud: issuer, sub: client._id, client_id: client._id, scope: 'scim' }
        return keys.sign({ ...common, ...claims }, { type, seconds: 600 })
      }

      it('of what follows, though it is signed by the same key', async () => {
        assert.equal(await statusOf(door.enter(await signed({}))), 200)
        for (const [claims, type] of [
          [{}, 'JWT'],
          [{}, 'sign-in+jwt'],
          [{ aud: `${door.origin}/institutions/south` }],
          [{ aud: 'https://platform.uni.edu' }],
          [{ iss: `${door.origin}/institutions/south` }],
          [{ client_id: crypto.randomUUID() }],
          [{ client_id: 'nobody' }],
          [{ client_id: undefined }],
          [{ secret: crypto.randomUUID() }],
        ] as const)
          assert.equal(await statusOf(door.enter(await signed(claims, type))), 401, JSON.stringify([claims, type]))
      })

      it('in another institution', async () => {
        const token = await signed({})
        for (const path of ['south/scim/v2/Users', 'nowhere/scim/v2/Users', '*/scim/v2/Users'])
          assert.equal(await statusOf(door.enter(token, path)), 401)
      })

      it('once it was changed to have another scope', async () => {
        const token = await signed({})
        const [header, claims = '', signature] = token.split('.')
        const changed = Buffer.from(
          JSON.stringify({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), scope: 'admin' }),
        )
        assert.equal(await statusOf(door.enter([header, changed.toString('base64url'), signature].join('.'))), 401)
      })
    })
  })
})

function forged(header: object, claims: object): string {
  return `${part(header)}.${part(claims)}.${Buffer.alloc(256, 1).toString('base64url')}`
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
