import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { federated, keyXml, metadataXml, serviceXml } from '../../test/saml/metadata.ts'
import { testIdp } from '../../test/saml/signer.ts'
import type { FoundIdp } from './metadata-in.ts'
import { MetadataRefused, readIdpMetadata } from './metadata-in.ts'

const idp = testIdp('https://idp.uni.example/idp')
const next = testIdp('https://idp.uni.example/idp')
const federation = testIdp('https://federation.example')
const weak = testIdp('https://idp.uni.example/idp', 1024)
const now = Date.parse('2026-03-02T09:30:00Z')

const usual: FoundIdp = {
  entityId: idp.entityId,
  ssoUrl: 'https://idp.uni.example/sso/Redirect',
  certificates: [idp.certificate],
}
const scopes =
  '<Extensions><shibmd:Scope regexp="false">uni.example</shibmd:Scope><shibmd:Scope regexp="true">.*</shibmd:Scope></Extensions>'
const names =
  '<Extensions><mdui:UIInfo><mdui:DisplayName xml:lang="de">Hochschule</mdui:DisplayName><mdui:DisplayName xml:lang="en">The\n University</mdui:DisplayName></mdui:UIInfo></Extensions>'
const role =
  '<RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706" xsi:type="fed:SecurityTokenServiceType" protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706"/>'

describe('metadata of an identity provider', () => {
  for (const [why, xml, found] of [
    ['says who it is, where it is asked, and with what it signs', metadataXml(idp), usual],
    [
      'has all keys that it may sign with',
      metadataXml(idp, { certificates: [idp.certificate, next.certificate] }),
      { ...usual, certificates: [idp.certificate, next.certificate] },
    ],
    ['may not say what a key is for', metadataXml(idp, { keys: keyXml(idp.certificate, '') }), usual],
    [
      'has keys to encrypt with, which sign nothing',
      metadataXml(idp, { keys: keyXml(next.certificate, ' use="encryption"') + keyXml(idp.certificate) }),
      usual,
    ],
    ['has each key once', metadataXml(idp, { certificates: [idp.certificate, idp.certificate] }), usual],
    [
      'may take requests by form alone',
      metadataXml(idp, { services: serviceXml('SOAP') + serviceXml('POST') }),
      { ...usual, ssoUrl: 'https://idp.uni.example/sso/POST', ssoBinding: 'post' },
    ],
    [
      'may want requests signed',
      metadataXml(idp, { descriptor: ' WantAuthnRequestsSigned="true"' }),
      { ...usual, signRequests: true },
    ],
    [
      'says until when it counts: the earliest of what it says',
      metadataXml(idp, { entity: ' validUntil="2026-03-16T00:00:00Z"', descriptor: ' validUntil="2026-03-09T00:00:00Z"' }),
      { ...usual, validUntil: '2026-03-09T00:00:00.000Z' },
    ],
    [
      'says for which domains it may speak',
      metadataXml(idp, { extensions: scopes }),
      { ...usual, metadataScopes: ['uni.example'] },
    ],
    ['has a name for people', metadataXml(idp, { extensions: names }), { ...usual, title: 'The University' }],
    [
      'may hold comments, as that of Shibboleth does',
      `<?xml version="1.0" encoding="UTF-8"?>\n<!-- Generated: change <me>. -->\n${metadataXml(idp, { roles: '<!-- and here -->' })}\n<!-- end -->`,
      usual,
    ],
    ['may hold other roles, as that of Entra and AD FS does', metadataXml(idp, { roles: role }), usual],
    [
      'may be a list of one, as that of Keycloak was',
      `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" Name="urn:keycloak">${metadataXml(idp)}</EntitiesDescriptor>`,
      usual,
    ],
    [
      'may know older protocols as well',
      metadataXml(idp, { protocols: 'urn:oasis:names:tc:SAML:1.1:protocol urn:oasis:names:tc:SAML:2.0:protocol' }),
      usual,
    ],
    ['may still hold a key that is too short', metadataXml(idp, { certificates: [weak.certificate, idp.certificate] }), usual],
    ['may begin with a byte order mark', `\ufeff${metadataXml(idp)}`, usual],
    ['may be signed, which is not looked at when nobody asks', federated(metadataXml(idp), federation), usual],
  ] as const) {
    it(why, () => assert.deepEqual(readIdpMetadata(xml, { now }), found))
  }

  it('is what the federation signed, where its certificate is given', () => {
    const signedBy = [testIdp('x').certificate, federation.certificate]
    assert.deepEqual(readIdpMetadata(federated(metadataXml(idp), federation), { signedBy, now }), usual)
  })

  const entity = metadataXml(idp).replace(' ID="_m1"', '')
  for (const [why, xml, message, signedBy] of [
    [
      'of a whole federation, with the address where one entity is had',
      `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">${entity}${entity}</EntitiesDescriptor>`,
      /https:\/\/mdq\.incommon\.org\/entities\//,
    ],
    ['that is over', metadataXml(idp, { entity: ' validUntil="2026-03-02T09:30:00Z"' }), /was valid until 2026-03-02/],
    ['that is valid until nobody knows', metadataXml(idp, { entity: ' validUntil="soon"' }), /no time in UTC/],
    ['of a service provider', metadataXml(idp).replaceAll('IDPSSODescriptor', 'SPSSODescriptor'), /no identity provider/],
    ['of SAML 1.1', metadataXml(idp, { protocols: 'urn:oasis:names:tc:SAML:1.1:protocol' }), /no identity provider/],
    ['without a name', metadataXml(idp).replace(/ entityID="[^"]*"/, ''), /no identity provider/],
    ['without an address', metadataXml(idp, { services: serviceXml('SOAP') }), /no SingleSignOnService/],
    [
      'with an address that is none',
      metadataXml(idp, { services: serviceXml('Redirect', 'javascript:alert(1)') }),
      /no SingleSignOnService/,
    ],
    ['without a certificate', metadataXml(idp, { keys: '' }), /0 certificates/],
    ['whose one key is too short', metadataXml(weak), /none has a key of RSA with 2048 bits or more, or EC/],
    ['with a certificate that cannot be read', metadataXml(idp, { keys: keyXml('AAAA') }), /1 certificates/],
    ['that is something else', '<html xmlns="http://www.w3.org/1999/xhtml"/>', /holds "html"/],
    ['that is no XML', 'not found', /does not begin with an element/],
    ['with a DOCTYPE', `<!DOCTYPE x [<!ENTITY e "x">]>${metadataXml(idp)}`, /DOCTYPE/],
    ['with instructions', `<?xml-stylesheet href="x"?>${metadataXml(idp)}`, /processing instruction/],
    ['that nobody signed, though somebody should have', metadataXml(idp), /is not signed/, true],
    ['that somebody else signed', federated(metadataXml(idp), testIdp('x')), /none of the 1 certificates/, true],
    [
      'that was changed after it was signed',
      federated(metadataXml(idp), federation).replace('/sso/Redirect', '/sso/Evil'),
      /is not what was signed/,
      true,
    ],
    [
      'whose signature is of another part',
      `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" ID="_m2">${federated(metadataXml(idp), federation)}</EntitiesDescriptor>`,
      /is not signed/,
      true,
    ],
    [
      'that was signed in a weak way',
      federated(metadataXml(idp), federation).replace('xmldsig-more#rsa-sha256', 'xmldsig#rsa-sha1'),
      /signature algorithm/,
      true,
    ],
  ] as const) {
    it(`is refused when it is one ${why}`, () => {
      const options = { now, ...(signedBy && { signedBy: [federation.certificate] }) }
      assert.throws(
        () => readIdpMetadata(xml, options),
        (error) => error instanceof MetadataRefused && message.test(error.message),
      )
    })
  }
})
