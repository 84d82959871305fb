import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Signed } from '../../test/saml/response.ts'
import { contextOf, field, NOW, responseXml, signedResponse } from '../../test/saml/response.ts'
import { testIdp } from '../../test/saml/signer.ts'
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

  it('is refused without a signature', () => {
    const found = verifyResponse({ SAMLResponse: field(responseXml(scene)) }, contextOf(scene))
    assert.equal(found.kind === 'refused' && found.code, 'unsigned')
  })
})
