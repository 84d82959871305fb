import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Refused, Verified, VerifyContext } from '../src/saml/verify.ts'
import { verifyResponse } from '../src/saml/verify.ts'
import { EC_IDP } from './saml/ec-idp.ts'
import { PERSON, postedBy } from './saml/hand.ts'
import { HONEST } from './saml/honest.ts'
import { HOSTILE } from './saml/hostile.ts'
import { openLab } from './saml/lab.ts'
import type { AssertionParts, ResponseParts, Scene } from './saml/response.ts'
import { assertionXml, at, bearer, conditionsXml, contextOf, field, NOW, responseXml, signedResponse } from './saml/response.ts'
import { MORE, testIdp } from './saml/signer.ts'

const scene: Scene = {
  idp: testIdp('https://idp.uni.example/idp'),
  entityId: 'https://roll.example/institutions/uni/saml/metadata',
  acsUrl: 'https://roll.example/institutions/uni/saml/acs',
  inResponseTo: '_asked',
  now: NOW,
}
const sp = generateKeyPairSync('rsa', { modulusLength: 2048 })
const decryptionKeys = [String(sp.privateKey.export({ type: 'pkcs8', format: 'pem' }))]
const lab = openLab(scene, sp.publicKey)
const trusted = [scene.idp, lab.neighbour].flatMap((idp) => contextOf({ ...scene, idp }).idps)
const context: VerifyContext = { ...contextOf(scene, decryptionKeys), idps: trusted }

const read = (SAMLResponse: string, where = context) => verifyResponse({ SAMLResponse }, where)

function believed(found: Verified | Refused): Verified {
  assert.ok(found.kind === 'ok', found.kind === 'refused' ? `${found.code}: ${found.detail}` : '')
  return found
}

/** Of the processor, whatever else this machine does. */
function milliseconds(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

for (const [about, cases] of Object.entries(HOSTILE)) {
  describe(`hostile responses: ${about}`, () => {
    for (const { name, make, code } of cases) {
      it(`are refused: ${name}`, () => {
        const posted = make(lab)
        const found = read(posted)
        assert.equal(found.kind, 'refused', JSON.stringify(found))
        assert.ok(found.kind === 'refused' && [code].flat().includes(found.code), JSON.stringify(found))
        // Of three times the shortest: the first one includes what a program does once.
        assert.ok(Math.min(...Array.from({ length: 3 }, () => milliseconds(() => read(posted)))) < 50)
      })
    }
  })
}

describe('honest responses', () => {
  for (const [name, hand] of Object.entries(HONEST)) {
    it(`are believed: ${name}`, () => {
      const { attributes, idp, inResponseTo } = believed(read(postedBy(hand, scene, sp.publicKey)))
      const values = new Set([...attributes.values()].flat())
      for (const value of Object.values(PERSON)) assert.ok(values.has(value), value)
      assert.equal(idp.entityId, scene.idp.entityId)
      assert.equal(inResponseTo, scene.inResponseTo)
    })
  }

  const audience = (...names: readonly string[]) =>
    `<saml:AudienceRestriction>${names.map((name) => `<saml:Audience>${name}</saml:Audience>`).join('')}</saml:AudienceRestriction>`
  const data = (more: string, recipient = scene.acsUrl) =>
    `<saml:SubjectConfirmationData Recipient="${recipient}" InResponseTo="_asked" ${more}/>`
  const assertions: readonly (readonly [string, AssertionParts])[] = [
    ['for several audiences', { conditions: conditionsXml(audience('https://other.example', scene.entityId)) }],
    [
      'under two restrictions that both hold',
      { conditions: conditionsXml(audience(scene.entityId) + audience('x:y', scene.entityId)) },
    ],
    [
      'for use once, and not by proxies',
      { conditions: conditionsXml(`${audience(scene.entityId)}<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/>`) },
    ],
    ['without times in the conditions', { conditions: `<saml:Conditions>${audience(scene.entityId)}</saml:Conditions>` }],
    [
      'confirmed twice, of which one holds',
      {
        confirmations:
          bearer(data(`NotOnOrAfter="${at(300)}"`, 'https://other.example')) + bearer(data(`NotOnOrAfter="${at(300)}"`)),
      },
    ],
    ['confirmed by an end alone', { confirmations: bearer(data(`NotOnOrAfter="${at(1)}"`)) }],
    ['just ended, by a clock that is behind', { confirmations: bearer(data(`NotOnOrAfter="${at(-55)}"`)) }],
    ['issued by a clock that is ahead', { head: `Version="2.0" IssueInstant="${at(55)}"` }],
    ['issued nine minutes ago', { head: `Version="2.0" IssueInstant="${at(-540)}"` }],
    ['about a name that looks like another one', { nameId: '<saml:NameID>ada&amp;#60;b&#x2e;example</saml:NameID>' }],
    ['that calls its subject by no NameID', { nameId: '' }],
    [
      'that says how sure it is of other things',
      { advice: '<saml:Advice><saml:AssertionIDRef>_x</saml:AssertionIDRef></saml:Advice>' },
    ],
  ]
  for (const [name, parts] of assertions) {
    it(`are believed: an assertion ${name}`, () => {
      const xml = responseXml(scene, { assertion: assertionXml(scene, parts) })
      believed(read(field(signedResponse(scene, xml))))
      believed(read(field(signedResponse(scene, xml, 'both'))))
    })
  }

  const responses: readonly (readonly [string, ResponseParts])[] = [
    ['with extensions', { extensions: '<samlp:Extensions><x:hint xmlns:x="urn:x">y</x:hint></samlp:Extensions>' }],
    [
      'with a message in its status',
      {
        status:
          '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/><samlp:StatusMessage>ok</samlp:StatusMessage></samlp:Status>',
      },
    ],
    [
      'with the consent of the person',
      {
        head: `Version="2.0" IssueInstant="${at(0)}" InResponseTo="_asked" Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified"`,
      },
    ],
    ['with an ID of other letters', { id: 'pfx-Ünïq.1' }],
  ]
  for (const [name, parts] of responses) {
    it(`are believed: a response ${name}`, () => {
      believed(read(field(signedResponse(scene, responseXml(scene, parts), 'response'))))
    })
  }

  it('are believed without anybody having asked, and say so', () => {
    const unasked = { ...scene, inResponseTo: undefined }
    assert.equal(believed(read(field(signedResponse(unasked, responseXml(unasked))))).inResponseTo, undefined)
  })

  it('are believed under any of the certificates of their identity provider', () => {
    const [first] = trusted
    assert.ok(first)
    const pem = `-----BEGIN CERTIFICATE-----\n${scene.idp.certificate.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
    const idps = [{ ...first, certificates: [lab.stranger.certificate, EC_IDP.certificate, pem] }]
    believed(read(field(signedResponse(scene, responseXml(scene), 'both')), { ...context, idps }))
  })

  it('are believed under an ECDSA key', () => {
    const signing = { algorithm: `${MORE}ecdsa-sha256` }
    const there = { ...scene, idp: EC_IDP }
    believed(read(field(signedResponse(there, responseXml(there), 'both', signing)), contextOf(there)))
  })

  it('are believed when they were encrypted for a key that is being replaced', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const next = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const hand = HONEST['Shibboleth: assertion signed and encrypted']
    assert.ok(hand)
    const during = { ...context, sp: { ...context.sp, decryptionKeys: [next, ...decryptionKeys] } }
    believed(read(postedBy(hand, scene, sp.publicKey), during))
  })
})
