/**
 * The fixture was written by Apache Santuario 3.0.6, the library of Shibboleth and Keycloak, for a key of its own.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { decrypted } from './decrypt.ts'
import { parseXml } from './xml.ts'

const fixture = new URL('../../test/fixtures/saml/encrypted-by-santuario.json', import.meta.url)
const { key, encrypted } = JSON.parse(await readFile(fixture, 'utf8')) as {
  readonly key: string
  readonly encrypted: { readonly [how: string]: string }
}
const pem = `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`

describe('an assertion that Java encrypted is read', () => {
  for (const [how, xml] of Object.entries(encrypted)) {
    it(how, () => {
      const text = decrypted(parseXml(xml), { keys: [pem], isSigned: true })
      assert.equal(text, '<saml:Assertion>Łukasz &amp; Ζωή</saml:Assertion>')
    })
  }
})
