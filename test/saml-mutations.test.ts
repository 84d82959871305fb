import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { verifyResponse } from '../src/saml/verify.ts'
import { postedBy } from './saml/hand.ts'
import { HONEST } from './saml/honest.ts'
import type { Scene } from './saml/response.ts'
import { contextOf, field, NOW } from './saml/response.ts'
import { testIdp } from './saml/signer.ts'

const scene: Scene = {
  idp: testIdp('https://idp.uni.example/idp'),
  entityId: 'https://roll.example/institutions/uni/saml/metadata',
  acsUrl: 'https://roll.example/institutions/uni/saml/acs',
  inResponseTo: '_asked',
  now: NOW,
}
const sp = generateKeyPairSync('rsa', { modulusLength: 2048 })
const context = contextOf(scene, [String(sp.privateKey.export({ type: 'pkcs8', format: 'pem' }))])

/** What a response says that is believed; undefined for one that is not. */
function said(bytes: Buffer): unknown {
  const found = verifyResponse({ SAMLResponse: field(bytes) }, context)
  return found.kind === 'ok' ? { ...found, attributes: [...found.attributes] } : undefined
}

type Mutation = (bytes: Buffer) => Buffer

const spliced = (bytes: Buffer, at: number, remove: number, insert: Buffer | string) =>
  Buffer.concat([bytes.subarray(0, at), typeof insert === 'string' ? Buffer.from(insert) : insert, bytes.subarray(at + remove)])

/** Pieces that mean something where they land. */
const PIECES = [
  '<!---->',
  '<?x y?>',
  '<![CDATA[',
  ']]>',
  '&#10;',
  '&#x20;',
  '&amp;',
  '&lt;',
  ' ',
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\ufeff',
  '\u200b',
  '<x/>',
  '<x>',
  '</x>',
  ' x="y"',
  ' xmlns="urn:x"',
  ' xmlns:saml="urn:x"',
  ' xmlns:x="urn:x"',
  ' ID="x"',
  ' Id="x"',
  ' xml:lang="en"',
  ' xsi:nil="true"',
  'saml:',
  'ds:',
  '<saml:NameID>root</saml:NameID>',
  '<saml:AttributeValue>root</saml:AttributeValue>',
  '<saml:Audience>https://evil.example</saml:Audience>',
  'root',
] as const

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const at = (share: number, { length }: Buffer) => Math.floor(share * length)
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(
    ([where, flip]): Mutation =>
      (bytes) => {
        const index = at(where, bytes)
        return spliced(bytes, index, 1, Buffer.of((bytes[index] ?? 0) ^ flip))
      },
  ),
  fc.tuple(place, fc.constantFrom(...PIECES)).map(
    ([where, piece]): Mutation =>
      (bytes) =>
        spliced(bytes, at(where, bytes), 0, piece),
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(
    ([where, length]): Mutation =>
      (bytes) =>
        spliced(bytes, at(where, bytes), length, ''),
  ),
  fc.tuple(place, place, fc.integer({ min: 1, max: 400 })).map(
    ([from, to, length]): Mutation =>
      (bytes) => {
        const index = at(from, bytes)
        return spliced(bytes, at(to, bytes), 0, bytes.subarray(index, index + length))
      },
  ),
  // Whole tags, taken away, doubled or moved: what stays is often well-formed.
  fc.tuple(place, place, fc.constantFrom('away', 'twice', 'moved')).map(
    ([from, to, how]): Mutation =>
      (bytes) => {
        const tags = [...bytes.toString('latin1').matchAll(/<([\w:]+)[^<>]*>[^<]*<\/\1>|<[\w:]+[^<>]*\/>/g)]
        const tag = tags[Math.floor(from * tags.length)]
        const other = tags[Math.floor(to * tags.length)]
        if (!tag || !other) return bytes
        const without = how === 'twice' ? bytes : spliced(bytes, tag.index, tag[0].length, '')
        return how === 'away'
          ? without
          : spliced(without, Math.min(other.index, without.length), 0, Buffer.from(tag[0], 'latin1'))
      },
  ),
)

const HANDS = [
  'SimpleSAMLphp: both signed',
  'Entra: assertion signed',
  'Google: response signed, values of any type',
  'Okta: both signed',
  'Shibboleth: assertion signed and encrypted',
] as const

describe('an honest response that somebody changed', () => {
  for (const name of HANDS) {
    const hand = HONEST[name]
    assert.ok(hand)
    const posted = Buffer.from(postedBy(hand, scene, sp.publicKey), 'base64')
    const meant = said(posted)

    it(`is refused, or says what was signed: ${name}`, () => {
      assert.ok(meant)
      let refused = 0
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
          const found = said(mutations.reduce<Buffer>((bytes, mutate) => mutate(bytes), posted))
          if (found === undefined) refused++
          else assert.deepEqual(found, meant)
        }),
        { numRuns: 2000 },
      )
      assert.ok(refused > 1500, `only ${refused} of 2000 were refused`)
    })
  }
})
