import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EC_IDP } from '../../test/saml/ec-idp.ts'
import type { Signed } from '../../test/saml/response.ts'
import {
  assertionXml,
  at,
  authnXml,
  bearer,
  contextOf,
  field,
  NOW,
  responseXml,
  signedResponse,
} from '../../test/saml/response.ts'
import { MORE, testIdp } from '../../test/saml/signer.ts'
import { verifyResponse } from './verify.ts'

const scene = {
  idp: testIdp('https://idp.uni.example/idp'),
  entityId: 'https://roll.example/institutions/uni/saml/metadata',
  acsUrl: 'https://roll.example/institutions/uni/saml/acs',
  inResponseTo: '_asked',
  now: NOW,
}

describe('a response', () => {
  for (const signed of ['assertion', 'response', 'both'] as const satisfies Signed[]) {
    it(`is believed with its signature on: ${signed}`, () => {
      const found = verifyResponse({ SAMLResponse: field(signedResponse(scene, responseXml(scene), signed)) }, contextOf(scene))
      assert.equal(found.kind, 'ok')
      assert.deepEqual(found.kind === 'ok' && found.attributes.get('urn:oid:2.5.4.42'), ['Ada'])
    })
  }

  for (const [what, authn, end] of [
    ['no end', authnXml(), undefined],
    ['an end', authnXml(NOW, sessionEnd(60)), NOW + 60_000],
    ['two ends, of which the first one counts', authnXml(NOW, sessionEnd(90)) + authnXml(NOW, sessionEnd(30)), NOW + 30_000],
  ] as const)
    it(`tells of ${what} that the identity provider has set for the session`, () => {
      const xml = responseXml(scene, { assertion: assertionXml(scene, { authn }) })
      const found = verifyResponse({ SAMLResponse: field(signedResponse(scene, xml)) }, contextOf(scene))
      assert.ok(found.kind === 'ok')
      assert.equal(found.sessionNotOnOrAfter, end)
    })

  it('is believed where its confirmation names who may bring it', () => {
    const { acsUrl, inResponseTo } = scene
    const data = `<saml:SubjectConfirmationData Recipient="${acsUrl}" NotOnOrAfter="${at(300)}" InResponseTo="${inResponseTo}"/>`
    const parts = { confirmations: bearer(`<saml:NameID>portal</saml:NameID>${data}`) }
    const xml = responseXml(scene, { assertion: assertionXml(scene, parts) })
    const found = verifyResponse({ SAMLResponse: field(signedResponse(scene, xml)) }, contextOf(scene))
    assert.deepEqual(found.kind === 'ok' && found.nameId, { value: 'ada' })
  })

  it('is refused once the metadata of its identity provider is over', () => {
    const context = contextOf(scene)
    const form = { SAMLResponse: field(signedResponse(scene, responseXml(scene))) }
    const until = (ms: number) => {
      const idps = context.idps.map((idp) => ({ ...idp, validUntil: new Date(NOW + ms).toISOString() }))
      return verifyResponse(form, { ...context, idps })
    }
    assert.equal(until(1).kind, 'ok')
    const over = until(0)
    assert.ok(over.kind === 'refused' && over.code === 'metadata')
    assert.match(over.detail, /was valid until/)
  })

  it('is refused when the key that signed it is too short, whoever set it', () => {
    const weak = { ...scene, idp: testIdp(scene.idp.entityId, 1024) }
    const found = verifyResponse({ SAMLResponse: field(signedResponse(weak, responseXml(weak))) }, contextOf(weak))
    assert.ok(found.kind === 'refused' && found.code === 'key')
  })

  it('is refused under an algorithm that is not one of the kind of the key, whoever signed it', () => {
    const ecdsa = { key: EC_IDP.privateKey, algorithm: `${MORE}ecdsa-sha256` }
    const ec = { ...scene, idp: { ...EC_IDP, privateKey: scene.idp.privateKey } }
    for (const [there, xml] of [
      [scene, signedResponse(scene, responseXml(scene), 'both', ecdsa)],
      [ec, signedResponse(ec, responseXml(ec), 'both')],
    ] as const) {
      const found = verifyResponse({ SAMLResponse: field(xml) }, contextOf(there))
      assert.equal(found.kind === 'refused' && found.code, 'key')
    }
  })

  it('says of whom it claims to be when its key is unknown', () => {
    const stranger = testIdp(scene.idp.entityId)
    const found = verifyResponse(
      { SAMLResponse: field(signedResponse({ ...scene, idp: stranger }, responseXml(scene))) },
      contextOf(scene),
    )
    assert.ok(found.kind === 'refused')
    assert.deepEqual([found.code, found.issuer], ['key', scene.idp.entityId])
    assert.ok(found.attributeNames.includes('urn:oid:2.5.4.42'))
  })

  it('is refused without a signature', () => {
    const found = verifyResponse({ SAMLResponse: field(responseXml(scene)) }, contextOf(scene))
    assert.equal(found.kind === 'refused' && found.code, 'unsigned')
  })
})

function sessionEnd(seconds: number): string {
  return ` SessionNotOnOrAfter="${at(seconds)}"`
}
