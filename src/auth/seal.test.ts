import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isSealed, SealError, sealWith } from './seal.ts'

const KEY = 'a key of more than sixteen characters'
const { seal, open } = sealWith(KEY)

describe('a sealed secret', () => {
  it('opens for what it was sealed for, whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.string(), (secret, purpose, context) => {
        assert.equal(open(purpose, context, seal(purpose, context, secret)), Buffer.from(secret).toString())
      }),
    )
  })

  it('opens in another process with the same key', () => {
    assert.equal(sealWith(KEY).open('webhook', 'north', seal('webhook', 'north', 'whsec_1')), 'whsec_1')
  })

  it('shows nothing of what it hides, and is another text each time', () => {
    const [one, other] = [seal('webhook', 'north', 'open sesame'), seal('webhook', 'north', 'open sesame')]
    assert.notEqual(one, other)
    assert.match(one, /^sealed\.1\.[\w-]{8}\.[\w-]+$/)
    assert.ok(isSealed(one) && !isSealed('open sesame'))
    assert.ok(!Buffer.from(one.split('.')[3] ?? '', 'base64url').includes('open'))
  })

  const sealed = seal('webhook', 'north', 'whsec_1')
  for (const [why, attempt, says] of [
    ['for another purpose', () => open('saml', 'north', sealed), /damaged, or was sealed for something else/],
    [
      'for another institution',
      () => open('webhook', 'south', sealed),
      /webhook of south is damaged, or was sealed for something/,
    ],
    ['with purpose and context shifted', () => open('webhook n', 'orth', sealed), /damaged/],
    ['when it is cut', () => open('webhook', 'north', sealed.slice(0, -4)), /damaged/],
    ['when it is cut to nothing', () => open('webhook', 'north', sealed.slice(0, 30)), /not sealed/],
    ['when it was never sealed', () => open('webhook', 'north', 'whsec_1'), /not sealed/],
    ['under another key, and says what is needed', () => sealWith(`${KEY}.`).open('webhook', 'north', sealed), /same SECRET_KEY/],
  ] as const)
    it(`does not open ${why}`, () => {
      assert.throws(attempt, (error) => error instanceof SealError && says.test(error.message) && !/whsec_1/.test(error.message))
    })

  it('does not open when any one bit of it is another', () => {
    const bytes = Buffer.from(sealed.split('.')[3] ?? '', 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const turned = Buffer.from(bytes)
      turned[bit >> 3] = (turned[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const text = [...sealed.split('.').slice(0, 3), turned.toString('base64url')].join('.')
      assert.throws(() => open('webhook', 'north', text), SealError)
    }
  })
})
