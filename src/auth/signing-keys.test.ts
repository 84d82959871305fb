import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, UnsecuredJWT } from 'jose'
import { forEachStore } from '../../test/stores.ts'
import { DAY_MS } from '../days.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import { HOUSE } from '../store/store.ts'
import { sealWith } from './seal.ts'
import { openSigningKeys } from './signing-keys.ts'

const MONTH = 30 * DAY_MS
/** In the middle of a month of ours, and ahead, so that no store takes its keys for outlived. */
const MIDDLE = Math.ceil(Date.now() / MONTH) * MONTH + MONTH / 2

const CLAIMS = { iss: 'https://roll.uni.edu', aud: 'https://roll.uni.edu/north', sub: 'ada' } as const
const WANTED = { type: 'at+jwt', issuer: CLAIMS.iss, audience: CLAIMS.aud } as const
const HOUR = { type: 'at+jwt', seconds: 3600 } as const

await forEachStore((name, place) => {
  describe(`signing keys, on ${name}`, () => {
    let spot: ReturnType<typeof place>
    let store: Store
    before(async () => {
      spot = place()
      store = await spot.open()
    })
    after(() => store[Symbol.asyncDispose]())

    /** A process at a time that the test sets; each test has a SECRET_KEY of its own, and so keys of its own. */
    function aProcess(secret: string, over: Store = store) {
      const clock = { at: MIDDLE }
      const seal = sealWith(`${secret} and sixteen characters`)
      const keys = openSigningKeys(over, seal, { now: () => clock.at, monotonic: () => clock.at })
      const own = async () => (await keys.published()).keys.filter(({ kid }) => kid?.endsWith(seal.keyId))
      return { ...keys, clock, own, kidOf: (token: string) => decodeProtectedHeader(token).kid }
    }

    it('sign what others can check by the published keys alone', async () => {
      const { sign, published, clock } = aProcess('others')
      const token = await sign(CLAIMS, HOUR)
      const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(await published()), {
        issuer: CLAIMS.iss,
        audience: CLAIMS.aud,
        typ: 'at+jwt',
        currentDate: new Date(clock.at),
      })
      assert.equal(protectedHeader.alg, 'ES256')
      assert.equal(payload.sub, 'ada')
      assert.equal(payload.exp, Math.floor(MIDDLE / 1000) + 3600)
      assert.ok(payload.jti)
    })

    it('are one pair, however many processes begin at once', async () => {
      await using other = await spot.open()
      const processes = Array.from({ length: 8 }, (_, index) => aProcess('at once', index % 2 ? other : store))
      const tokens = await Promise.all(processes.map(({ sign }) => sign(CLAIMS, HOUR)))
      assert.equal((await processes[0]?.own())?.length, 1)
      for (const { verify } of processes) for (const token of tokens) assert.equal((await verify(token, WANTED))?.sub, 'ada')
    })

    it('are followed by the next a day before its month, and published until the last token has ended', async () => {
      const { sign, verify, own, kidOf, clock } = aProcess('rotation')
      const start = MIDDLE + MONTH / 2
      clock.at = start - DAY_MS - 1
      const old = await sign(CLAIMS, HOUR)
      assert.equal((await own()).length, 1)
      clock.at = start - DAY_MS + 5000
      assert.equal((await own()).length, 2)
      clock.at = start - 1000
      const last = await sign(CLAIMS, { ...HOUR, seconds: 86_400 })
      assert.equal(kidOf(last), kidOf(old))
      clock.at = start
      const next = await sign(CLAIMS, HOUR)
      assert.notEqual(kidOf(next), kidOf(old))
      clock.at = start + DAY_MS - 2000
      assert.equal((await verify(last, WANTED))?.sub, 'ada')
      const stored = await store.find('signingKeys', HOUSE, { where: EVERYTHING, limit: 100 })
      const { expires = 0 } = stored.find(({ _id }) => _id === kidOf(last)) ?? {}
      assert.ok(expires >= (decodeJwt(last).exp ?? 0) * 1000)
    })

    it('are there at once for a process that slept over the change of months', async () => {
      const { sign, verify, clock } = aProcess('sleeper')
      await sign(CLAIMS, HOUR)
      clock.at += MONTH
      assert.ok(await verify(await sign(CLAIMS, HOUR), WANTED))
    })

    it('are made anew under another SECRET_KEY, and the old tokens still hold', async () => {
      const token = await aProcess('lost').sign(CLAIMS, HOUR)
      const { sign, verify } = aProcess('found')
      assert.ok(await verify(token, WANTED))
      assert.ok(await verify(await sign(CLAIMS, HOUR), WANTED))
    })

    it('do not stand in the store as they are', async () => {
      await aProcess('stored').sign(CLAIMS, HOUR)
      const [doc] = await store.find('signingKeys', HOUSE, { where: EVERYTHING, limit: 1 })
      assert.match(String(doc?.privateKey), /^sealed\.1\./)
      assert.deepEqual(Object.keys(Object(doc?.publicKey)).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    })

    it('sign nothing that would outlive them', async () => {
      await assert.rejects(aProcess('long').sign(CLAIMS, { ...HOUR, seconds: 86_401 }), /outlive/)
    })

    for (const [why, wanted, spoil] of [
      ['for another audience', { ...WANTED, audience: 'https://roll.uni.edu/south' }],
      ['of another issuer', { ...WANTED, issuer: 'https://evil.example' }],
      ['for another use', { ...WANTED, type: 'JWT' }],
      ['with a changed claim', WANTED, (token: string) => withClaims(token, { ...decodeJwt(token), sub: 'root' })],
      ['with a signature of another', WANTED, (token: string) => `${token.slice(0, -10)}AAAAAAAAAA`],
      ['without a signature', WANTED, (token: string) => token.slice(0, token.lastIndexOf('.') + 1)],
      ['with alg none', WANTED, () => new UnsecuredJWT(CLAIMS).setExpirationTime('1h').encode()],
      ['that is no token', WANTED, () => 'a.b.c'],
      ['that is nothing', WANTED, () => ''],
    ] as const) {
      it(`do not vouch for a token ${why}`, async () => {
        const { sign, verify } = aProcess('spoilt')
        const token = await sign(CLAIMS, HOUR)
        assert.ok(await verify(token, WANTED))
        assert.equal(await verify(spoil?.(token) ?? token, wanted), undefined)
      })
    }

    it('do not vouch for a token that is over', async () => {
      const { sign, verify, clock } = aProcess('over')
      const token = await sign(CLAIMS, HOUR)
      clock.at += 3_600_000
      assert.equal(await verify(token, WANTED), undefined)
    })
  })
})

function withClaims(token: string, claims: object): string {
  const [header, , signature] = token.split('.')
  return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
}
