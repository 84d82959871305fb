import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EC_IDP, WEAK_EC_CERTIFICATE } from '../../test/saml/ec-idp.ts'
import { testIdp } from '../../test/saml/signer.ts'
import { certificateIn, certificateProblems, signingKeyIn } from './certificates.ts'

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

  for (const [why, text, fault] of [
    ['a short RSA key', testIdp('x', 1024).certificate, 'an RSA key of 1024 bits'],
    ['a short elliptic key', WEAK_EC_CERTIFICATE, 'a key on the curve secp192k1'],
  ] as const) {
    it(`with ${why} is read, and proves nothing`, () => {
      assert.ok(certificateIn(text))
      assert.equal(signingKeyIn(text), undefined)
      const [problem] = certificateProblems({ saml: { idp: { entityId: 'x', ssoUrl: 'https://x/sso', certificates: [text] } } })
      const right = 'it should be RSA with 2048 bits or more, or EC with 256 or more'
      assert.equal(problem?.message, `saml.idp.certificates[0] has ${fault}; ${right}`)
    })
  }

  it('with a key of any other length proves what it signed', () => {
    for (const text of [certificate, testIdp('x', 3072).certificate, EC_IDP.certificate]) assert.ok(signingKeyIn(text))
  })

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
