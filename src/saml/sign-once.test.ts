import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Draft } from './sign.ts'
import { signingOnce } from './sign-once.ts'

const signer = { ...generateKeyPairSync('rsa', { modulusLength: 2048 }), certificate: 'first' }
const draft = { id: '_1', head: '<a>', tail: '</a>' }

describe('what is signed once', () => {
  for (const [why, next, by, times] of [
    ['is not signed again as long as it is the same', { ...draft }, { ...signer }, 1],
    ['is signed anew when it says something else', { ...draft, tail: '<b/></a>' }, signer, 2],
    ['is signed anew when it is for another name', { ...draft, head: '<a c="">' }, signer, 2],
    ['is signed anew when another key signs', draft, { ...signer, certificate: 'second' }, 2],
  ] as const) {
    it(why, () => {
      let signatures = 0
      const signed = signingOnce(({ head, tail }: Draft, { certificate }) => `${head}${++signatures} by ${certificate}${tail}`)
      assert.equal(signed('north', draft, signer), '<a>1 by first</a>')
      assert.equal(signed('north', next, by), `${next.head}${times} by ${by.certificate}${next.tail}`)
      assert.equal(signatures, times)
    })
  }

  it('is one document for each owner', () => {
    const signed = signingOnce(({ head }: Draft) => head)
    assert.equal(signed('north', draft, signer), '<a>')
    assert.equal(signed('south', { ...draft, head: '<b>' }, signer), '<b>')
    assert.equal(signed('north', draft, signer), '<a>')
  })
})
