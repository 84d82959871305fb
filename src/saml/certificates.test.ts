import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EC_IDP } from '../../test/saml/ec-idp.ts'
import { testIdp } from '../../test/saml/signer.ts'
import { certificateIn, certificateProblems } from './certificates.ts'

const { certificate } = testIdp('x')
const pem = `-----BEGIN CERTIFICATE-----\n${certificate.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`

describe('a certificate', () => {
  for (const [why, text, isRead] of [
    ['in PEM', pem, true],
    ['in PEM, with what a program printed around it', `subject=CN = test\n${pem}\ntrailing`, true],
    ['in bare base64', certificate, true],
    ['in base64 of several lines', `\n  ${certificate.replaceAll(/.{76}/g, '$&\r\n  ')}\n`, true],
    ['with an elliptic key', EC_IDP.certificate, true],
    ['twice', pem + pem, false],
    ['that is none', 'MIIB', false],
    ['that was cut off', certificate.slice(0, 400), false],
    ['of another format', '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----', false],
    ['that is empty', '', false],
  ] as const) {
    it(`${why} is ${isRead ? '' : 'not '}read`, () => assert.equal(certificateIn(text) !== undefined, isRead))
  }

  it('among the settings is named when it cannot be used', () => {
    const idp = (certificates: readonly string[], ssoUrl = 'https://x/sso') => ({ entityId: 'x', ssoUrl, certificates })
    const messages = (saml: object) => certificateProblems({ saml } as never).map(({ message }) => message)
    assert.deepEqual(messages({ idp: idp([certificate, pem]) }), [])
    assert.deepEqual(messages({ idp: idp([certificate, 'x']) }), [
      'saml.idp.certificates[1] is no certificate that can be read; it should be one, PEM or bare base64',
    ])
    assert.deepEqual(messages({ idps: [idp([pem + pem])] }), [
      'saml.idps[0].certificates[0] holds several certificates; it should be one, PEM or bare base64',
    ])
    assert.deepEqual(messages({ idp: idp([pem], 'https://') }), ['saml.idp.ssoUrl is "https://"; it should be an https URL'])
    const metadata = { url: 'https://x', certificates: ['y'] }
    assert.deepEqual(messages({ idp: { ...idp([pem]), metadata } }), [
      'saml.idp.metadata.certificates[0] is no certificate that can be read; it should be one, PEM or bare base64',
    ])
  })
})
