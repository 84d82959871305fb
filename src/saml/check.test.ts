import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import { testIdp } from '../../test/saml/signer.ts'
import { DAY_MS } from '../days.ts'
import type { IdpSettings } from '../directory/settings.ts'
import { checkedIdps, findingsOf } from './check.ts'

const now = Date.now()
const inDays = (days: number) => new Date(now + days * DAY_MS).toISOString()
const { entityId, certificate } = testIdp('https://idp.uni.example/idp')
const EPPN = { netid: [{ name: 'eppn', take: 'localPart' }] } as const
const metadata = { url: 'https://idp.uni.example/metadata' }

/** What is found of the identity provider beside the age of its certificates. */
function found(given: Partial<IdpSettings>): readonly string[] {
  const idp = { entityId, ssoUrl: 'https://idp.uni.example/sso', certificates: [certificate], ...given }
  const about = { publicUrl: 'https://roll.example', isReachable: true, byAddress: 0, now }
  const findings = findingsOf(anInstitution({ saml: { idp } }), about)
  return findings
    .filter(({ message }) => message.includes(entityId) && !message.startsWith('a certificate of'))
    .map(({ kind, message }) => `${kind}: ${message}`)
}

describe('what an administrator should know before people sign in', () => {
  for (const [why, given, told] of [
    ['nothing of an identity provider that is fine', {}, undefined],
    [
      'a key that is too short',
      { certificates: [testIdp('x', 1024).certificate] },
      /^wrong: .* no certificate with a key of RSA/,
    ],
    ['metadata that is over', { validUntil: inDays(-1) }, /^wrong: .* so nobody can sign in: set a newer copy$/],
    [
      'metadata that is over, and is had from an address',
      { validUntil: inDays(-1), metadata },
      /^wrong: .* no newer copy could be had from its address/,
    ],
    ['metadata of a file that ends soon', { validUntil: inDays(7) }, /^note: .* nobody can sign in after that: set a newer copy/],
    ['nothing of metadata that is looked up again before it ends', { validUntil: inDays(7), metadata }, undefined],
    [
      'a domain that is cut off',
      { attributes: EPPN },
      /^note: netid is what stands before the @ of eppn, .* set saml\.idp\.scopes/,
    ],
    ['nothing of a domain that is cut off where it is known', { attributes: EPPN, scopes: ['uni.edu'] }, undefined],
    ['nothing of a domain that is cut off where metadata says it', { attributes: EPPN, metadataScopes: ['uni.edu'] }, undefined],
    [
      'scopes that metadata says otherwise',
      { scopes: ['uni.edu'], metadataScopes: ['uni.edu', 'hospital.example'] },
      /^note: .* may speak for uni\.edu, as you set, and by its metadata for uni\.edu, hospital\.example: what you set counts$/,
    ],
    ['nothing of scopes that it says the same', { scopes: ['a.edu', 'b.edu'], metadataScopes: ['B.edu', 'a.edu'] }, undefined],
    ['nothing of metadata that ends next year', { validUntil: inDays(365) }, undefined],
  ] as const) {
    it(`is ${why}`, () => {
      const [first, ...more] = found(given)
      assert.deepEqual(more, [])
      if (told === undefined) assert.equal(first, undefined)
      else assert.match(first ?? '', told)
    })
  }

  it('is of which attributes a field is read, and what of them counts', () => {
    const idp = { entityId, ssoUrl: 'https://idp.uni.example/sso', certificates: [certificate], attributes: EPPN }
    const [checked] = checkedIdps(anInstitution({ saml: { idp } }), now)
    assert.deepEqual(checked?.reads.get('netid'), ['eppn, what stands before the @'])
    assert.equal(checked?.reads.get('email')?.at(-1), 'NameID, where it is an address')
  })
})
