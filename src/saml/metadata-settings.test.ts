import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mergeSettings } from '../directory/check-settings.ts'
import type { IdpSettings, SamlSettings } from '../directory/settings.ts'
import type { Json } from '../directory/user.ts'
import type { FoundIdp } from './metadata-in.ts'
import { isNews, patchWith } from './metadata-settings.ts'

const found: FoundIdp = { entityId: 'https://a', ssoUrl: 'https://a/sso', certificates: ['A1', 'A2'], title: 'A' }
const other: IdpSettings = { entityId: 'https://b', ssoUrl: 'https://b/sso', certificates: ['B'] }
const origin = { url: 'https://a/metadata' }

/** What is set once the patch is merged. */
function set(saml: SamlSettings | undefined, from: Parameters<typeof patchWith>[1]) {
  const settings = saml === undefined ? {} : { saml }
  return (mergeSettings(settings as Json, patchWith(found, from)(settings)) as { saml: SamlSettings }).saml
}

describe('what metadata says', () => {
  const made = { ...found, metadata: origin }
  for (const [why, before, after] of [
    ['becomes the identity provider where there was none', undefined, { idp: made }],
    ['leaves other settings alone', { create: false }, { create: false, idp: made }],
    ['is added to others', { idp: other }, { idp: other, idps: [made] }],
    ['is added to a list of others', { idps: [other] }, { idps: [other, made] }],
    ['takes the place of what was known of the same one', { idp: { ...found, certificates: ['old'] } }, { idp: made }],
    ['takes its place in a list', { idp: other, idps: [{ ...found, certificates: ['old'] }] }, { idp: other, idps: [made] }],
    [
      'leaves an institution’s own rules alone',
      { idp: { ...found, title: 'Ours', name: 'a', domains: ['a.edu'], update: 'gaps' } },
      { idp: { ...made, title: 'Ours', name: 'a', domains: ['a.edu'], update: 'gaps' } },
    ],
    [
      'takes away what it no longer says',
      {
        idp: {
          ...found,
          ssoBinding: 'post',
          signRequests: true,
          validUntil: '2026-03-09T00:00:00Z',
          metadata: { url: 'https://x', certificates: ['F'] },
        },
      },
      { idp: made },
    ],
    [
      'takes it away in a list as well',
      { idps: [{ ...found, ssoBinding: 'post', signRequests: true, metadata: { url: 'https://x', certificates: ['F'] } }] },
      { idps: [made] },
    ],
  ] as const) {
    it(why, () => assert.deepEqual(set(before as SamlSettings | undefined, origin), after))
  }

  it('has no address to be looked up at when it came from a file', () => {
    assert.deepEqual(set({ idp: { ...found, metadata: origin } }, undefined), { idp: found })
  })

  const now = Date.parse('2026-03-02T00:00:00Z')
  const known = { ...found, validUntil: '2026-03-10T00:00:00.000Z' }
  for (const [why, change, isNew] of [
    ['a key', { certificates: ['A2', 'A3'] }, true],
    ['an address', { ssoUrl: 'https://a/other' }, true],
    ['a scope', { metadataScopes: ['a.edu'] }, true],
    ['a title, which may be the institution’s own', { title: 'Z' }, false],
    ['an end that is a day later', { validUntil: '2026-03-11T00:00:00.000Z' }, false],
    ['nothing', {}, false],
  ] as const) {
    it(`is ${isNew ? '' : 'no '}news with ${why}`, () => assert.equal(isNews(known, { ...known, ...change }, now), isNew))
  }

  it('is news with a later end when the one that is known comes near', () => {
    const later = { ...known, validUntil: '2026-03-17T00:00:00.000Z' }
    assert.equal(isNews(known, later, Date.parse('2026-03-08T00:00:00Z')), true)
  })

  it('is news without an end where there was one', () => {
    const { validUntil: _, ...endless } = known
    assert.equal(isNews(known, endless, now), true)
    assert.equal(isNews(endless, known, now), true)
  })

  it('is no news without scopes where it had some', () => {
    assert.equal(isNews({ ...known, metadataScopes: ['a.edu'] }, known, now), false)
  })

  it('leaves scopes that an institution set alone, and remembers its own beside them', () => {
    const before = { ...found, scopes: ['a.edu'], metadataScopes: ['a.edu'] }
    const says = { ...found, metadataScopes: ['a.edu', 'hospital.example'] }
    const patch = patchWith(says, origin)({ saml: { idp: before } })
    const { idp } = (mergeSettings({ saml: { idp: before } } as Json, patch) as { saml: SamlSettings }).saml
    assert.deepEqual([idp?.scopes, idp?.metadataScopes], [['a.edu'], ['a.edu', 'hospital.example']])
  })
})
