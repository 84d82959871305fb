import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { checkSettings } from '../directory/check-settings.ts'
import type { TrustedIssuer } from '../directory/settings.ts'
import { issuerProblems, rightsOf } from './trusted-issuers.ts'

const ENTRA: TrustedIssuer = {
  name: 'entra',
  issuer: 'https://login.microsoftonline.com/ce5f061f-abe6-4e40-9615-301f87bcb7f0/v2.0',
  jwksUrl: 'https://login.microsoftonline.com/ce5f061f-abe6-4e40-9615-301f87bcb7f0/discovery/v2.0/keys',
  audience: ['api://b5ba7a93-4452-4522-aeb4-a2b5da870c16', 'b5ba7a93-4452-4522-aeb4-a2b5da870c16'],
  claims: { sub: 'd2f8ee76-c549-45b8-a143-f5b640669704' },
}
const { jwksUrl: _, ...BARE } = ENTRA

describe('issuers that an institution trusts', () => {
  it('are accepted as the manual shows them', () => {
    const more = {
      algorithms: ['ES256', 'Ed25519'],
      scope: 'api',
      source: 'api:sis',
      keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }],
    }
    const manual = readFileSync(new URL('../../docs/oauth.md', import.meta.url), 'utf8')
    const [, example = ''] = /```json\n(\{\n {2}"trustedIssuers".*?)```/s.exec(manual) ?? []
    assert.equal(checkSettings(JSON.parse(example), [issuerProblems]).kind, 'ok')
    assert.equal(checkSettings({ trustedIssuers: [ENTRA, { ...BARE, ...more, name: 'sis' }] }, [issuerProblems]).kind, 'ok')
  })

  for (const [why, issuers, message] of [
    [
      'names the near miss',
      [{ ...ENTRA, jwksURL: 'x' }],
      /^there is no setting trustedIssuers\[0\]\.jwksURL \(did you mean "jwksUrl"\?\)/,
    ],
    ['asks for the audience', [{ ...ENTRA, audience: undefined }], /^trustedIssuers\[0\]\.audience is missing/],
    ['asks for https', [{ ...ENTRA, jwksUrl: 'http://idp.uni.edu/keys' }], /jwksUrl is "http:.*"; it should be an https URL/],
    [
      'takes no algorithm with a shared secret',
      [{ ...ENTRA, algorithms: ['HS256'] }],
      /algorithms\[0\] is "HS256"; it should be one of RS256/,
    ],
    ['takes no algorithm called none', [{ ...ENTRA, algorithms: ['none'] }], /"none"; it should be one of/],
    [
      'takes no shared key',
      [{ ...BARE, keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }],
      /kty is "oct"; it should be one of RSA, EC, OKP/,
    ],
    [
      'takes no private key',
      [{ ...BARE, keys: [{ kty: 'EC', d: 'secret' }] }],
      /^trustedIssuers\[0\]\.keys\[0\] is a private key/,
    ],
    ['asks for keys', [BARE], /^trustedIssuers\[0\] should have either jwksUrl or keys/],
    ['asks for keys from one place', [{ ...ENTRA, keys: [{ kty: 'EC' }] }], /should have either jwksUrl or keys/],
    ['asks for a name of its own', [ENTRA, ENTRA], /^trustedIssuers\[1\]\.name is "entra", which another one has/],
    [
      'asks for a source of its scope',
      [{ ...ENTRA, source: 'api:entra' }],
      /source is "api:entra"; for scope scim it should be scim/,
    ],
  ] as const)
    it(why, () => {
      const checked = checkSettings(JSON.parse(JSON.stringify({ trustedIssuers: issuers })), [issuerProblems])
      assert.ok(checked.kind === 'invalid')
      assert.match(checked.problems[0]?.message ?? '', message)
      assert.doesNotMatch(JSON.stringify(checked.problems), /"secret"/)
    })

  it('have a source of their name, unless it is to go on from another one', () => {
    assert.deepEqual(rightsOf(ENTRA), { scope: 'scim', source: 'scim:entra' })
    assert.deepEqual(rightsOf({ ...ENTRA, source: 'scim' }), { scope: 'scim', source: 'scim' })
    assert.deepEqual(rightsOf({ ...ENTRA, scope: 'files' }), { scope: 'files', source: 'file:entra' })
  })
})
