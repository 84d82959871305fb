import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import { selfSigned } from './self-signed.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

describe('a self-signed certificate', () => {
  for (const [why, commonName, from, to] of [
    ['has the name, the key and the time it was made for', 'north Matricula', '2026-03-01T10:20:30Z', '2036-02-27T10:20:30Z'],
    ['takes names of any letters', 'Åbo Université', '2026-12-31T23:59:59Z', '2049-12-31T23:59:59Z'],
    ['may last beyond 2050', 'x', '2049-12-31T23:59:59Z', '2050-01-01T00:00:00Z'],
  ] as const) {
    it(why, () => {
      const [notBefore, notAfter] = [Date.parse(from), Date.parse(to)]
      const made = new X509Certificate(selfSigned({ privateKey, commonName, notBefore, notAfter }))
      assert.ok(made.checkPrivateKey(privateKey))
      assert.ok(made.verify(publicKey))
      assert.equal(made.subject, `CN=${commonName}`)
      assert.equal(made.issuer, made.subject)
      assert.deepEqual([Date.parse(made.validFrom), Date.parse(made.validTo)], [notBefore, notAfter])
    })
  }

  it('has another number each time', () => {
    const made = () => new X509Certificate(selfSigned({ privateKey, commonName: 'x', notBefore: 0, notAfter: 1000 })).serialNumber
    assert.notEqual(made(), made())
  })
})
