import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { foldKey, foldText, keysOf } from './keys.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 12 })

/** Letters whose capital form folds back: not ß, whose capital is two letters. */
const cased = anyText.map((text) => [...text].filter((c) => c.toUpperCase().toLowerCase() === c.toLowerCase()).join(''))

describe('foldKey', () => {
  for (const [why, value, folded] of [
    ['trims', '  jdoe\t', 'jdoe'],
    ['ignores case', 'JDoe@Uni.EDU', 'jdoe@uni.edu'],
    ['takes wide letters for plain ones', 'ｊｄｏｅ１', 'jdoe1'],
    ['composes', 'zoe\u0308', 'zoë'],
    ['keeps ß, as RFC 8265 section 3.5 does', 'Straße', 'straße'],
    ['knows both small sigmas as one', 'ΟΔΟΣ.α', 'οδοσ.α'],
    ['finds ς where a capital stood', 'οδος', 'οδοσ'],
    ['keeps a space within', 'Ada  Lovelace', 'ada  lovelace'],
    ['makes compatibility forms plain instead of refusing them', 'ﬁona™', 'fionatm'],
    ['drops what nobody can see', 'j\u200bdoe\ufeff\u00ad', 'jdoe'],
  ] as const) {
    it(why, () => assert.equal(foldKey(value), folded))
  }

  it('knows no key in a value of which nothing is left', () => {
    for (const value of ['', '  ', '\u200b', '\u00a0', '\u3000\u2028']) assert.equal(foldKey(value), undefined)
  })

  it('is idempotent', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const folded = foldKey(text)
        if (folded !== undefined) assert.equal(foldKey(folded), folded)
      }),
    )
  })

  it('makes no two people of width, case and composition', () => {
    fc.assert(
      fc.property(cased, (text) => {
        const folded = foldKey(text)
        for (const variant of [
          text.toUpperCase(),
          text.toLowerCase(),
          text.normalize('NFD'),
          text.normalize('NFC'),
          widened(text),
        ]) {
          assert.equal(foldKey(variant), folded)
        }
      }),
    )
  })

  it('keeps apart what differs in a letter', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9]{1,9}$/),
        fc.stringMatching(/^[a-z0-9]{1,9}$/),
        (a, b) => (foldKey(a) === foldKey(b)) === (a === b),
      ),
    )
  })
})

describe('foldText', () => {
  it('is idempotent, and blind to case and composition', () => {
    fc.assert(
      fc.property(cased, (text) => {
        const folded = foldText(text)
        for (const variant of [folded, text.toUpperCase(), text.toLowerCase(), text.normalize('NFD')])
          assert.equal(foldText(variant), folded)
      }),
    )
  })

  it('keeps white space, width and compatibility forms', () => {
    assert.equal(foldText(' Ａﬁ '), ' ａﬁ ')
  })
})

describe('keysOf', () => {
  const emails = [
    { value: 'First@x.edu', type: 'home' },
    { value: 'Work@x.edu', type: 'Work' },
    { value: 'Main@x.edu', type: 'other', primary: true },
  ]

  it('takes the netids of the campus extension and the userName, folded', () => {
    const resource = { userName: 'Ada@Uni.edu', campus: { netid: ' AL1 ', netid3: 'x', program: 'Maths' } }
    assert.deepEqual(keysOf(resource), { netid: 'al1', netid3: 'x', userName: 'ada@uni.edu' })
  })

  it('takes the primary e-mail, else the work one, else the first', () => {
    assert.equal(keysOf({ emails }).email, 'main@x.edu')
    assert.equal(keysOf({ emails: emails.slice(0, 2) }).email, 'work@x.edu')
    assert.equal(keysOf({ emails: emails.slice(0, 1) }).email, 'first@x.edu')
    assert.equal(keysOf({ emails: [...emails.slice(0, 2), { value: 'Next@x.edu', type: 'work' }] }).email, 'work@x.edu')
  })

  it('passes over an e-mail without a value', () => {
    assert.equal(
      keysOf({ emails: [{ primary: true }, { value: ' ', primary: true }, ...emails.slice(0, 1)] }).email,
      'first@x.edu',
    )
  })

  it('finds no key in values that are not text', () => {
    assert.deepEqual(keysOf({ userName: 7, emails: 'x', campus: { netid: ['a'], netid2: '' } }), {})
  })
})

function widened(text: string): string {
  return text.replace(/[!-~]/g, (c) => String.fromCodePoint((c.codePointAt(0) ?? 0) + 0xfee0))
}
