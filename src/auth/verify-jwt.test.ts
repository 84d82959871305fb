import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generateKeyPair, SignJWT } from 'jose'
import type { Expected } from './verify-jwt.ts'
import { issuerIn, looksLikeJwt, verifyJwt } from './verify-jwt.ts'

const NOW = 1_800_000_000
const { privateKey, publicKey } = await generateKeyPair('ES256')
const other = await generateKeyPair('ES256')
const GOOD = { iss: 'https://idp.example', aud: 'matricula', sub: 'sis', exp: NOW + 60 }
const EXPECTED: Expected = {
  issuer: 'https://idp.example',
  audience: ['other', 'matricula'],
  algorithms: ['ES256'],
  keys: async () => publicKey,
  now: NOW * 1000,
}

type Claims = { readonly [claim: string]: unknown }

const signed = (claims: Claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(privateKey)

describe('a JWT of another issuer', () => {
  for (const [why, claims, expected, refused] of [
    ['counts', {}, {}, undefined],
    ['counts for one of several audiences', { aud: ['x', 'other'] }, {}, undefined],
    ['counts for 30 seconds more, since clocks differ', { exp: NOW - 29 }, {}, undefined],
    ['counts from 30 seconds before, since clocks differ', { nbf: NOW + 30 }, {}, undefined],
    ['counts where a claim says one of what is asked for', { roles: ['a', 'b'] }, { claims: { roles: ['b', 'c'] } }, undefined],
    ['is refused when it is over', { exp: NOW - 30 }, {}, /^the claim exp: /],
    ['is refused before it begins', { nbf: NOW + 31 }, {}, /^the claim nbf: /],
    ['is refused without an end', { exp: undefined }, {}, /^the claim exp: /],
    ['is refused of another issuer', { iss: 'https://idp.example/' }, {}, /^the claim iss: /],
    ['is refused for another audience', { aud: 'x' }, {}, /^the claim aud: /],
    ['is refused without a claim that must be there', {}, { requiredClaims: ['jti'] }, /^the claim jti: /],
    [
      'is refused where a claim says something else',
      { sub: 'crm' },
      { claims: { sub: 'sis' } },
      /^the claim sub is another one$/,
    ],
    ['is refused where a claim is not there', {}, { claims: { sub: 'sis', tid: 'x' } }, /^the claim tid is another one$/],
    ['is refused with another algorithm than those of the list', {}, { algorithms: ['RS256'] }, /^ERR_JOSE_ALG_NOT_ALLOWED$/],
    ['is refused with another key', {}, { keys: async () => other.publicKey }, /^ERR_JWS_SIGNATURE_VERIFICATION_FAILED$/],
  ] as const satisfies readonly (readonly [string, Claims, Partial<Expected>, RegExp | undefined])[]) {
    it(why, async () => {
      const verified = await verifyJwt(await signed({ ...GOOD, ...claims }), { ...EXPECTED, ...expected })
      if (refused === undefined) assert.equal(verified.kind, 'ok')
      else assert.match(verified.kind === 'refused' ? verified.why : 'ok', refused)
    })
  }

  it('is told from other texts by its shape, and names its issuer before anything is proven', async () => {
    const text = await signed(GOOD)
    assert.equal(issuerIn(text), 'https://idp.example')
    for (const one of [text, 'a.b.c']) assert.ok(looksLikeJwt(one))
    for (const none of [`x ${text}`, `${text} `, `${text}.x`, 'a.b.', 'a..c', 'a.b', `a.b.${'c'.repeat(12_000)}`]) {
      assert.ok(!looksLikeJwt(none), none.slice(0, 20))
    }
    assert.equal(issuerIn('a.b.c'), undefined)
  })
})
