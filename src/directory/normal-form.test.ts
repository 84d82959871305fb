import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { composed, foldKey, foldText } from './keys.ts'
import { normalized } from './normal-form.ts'

describe('the normal form', () => {
  const marks = (count: number) => `e${'\u0301\u0323'.repeat(count)}`

  it('is that of Unicode, with as many marks on a letter as languages have', () => {
    for (const form of ['NFC', 'NFKC', 'NFKD'] as const) {
      for (const text of ['Mu\u0308ller', '\uff76\uff9e', marks(15), marks(15).repeat(100)])
        assert.equal(normalized(text, form), text.normalize(form))
    }
  })

  // Putting 200,000 marks in order takes a minute, during which nobody else is served.
  const endless = marks(100_000)
  for (const [where, folded] of [
    ['a key', foldKey],
    ['a text', foldText],
    ['a value', composed],
    [
      'halfwidth letters of a key',
      (text: string) => foldKey(text.replaceAll('\u0323', '\uff9e'))?.replaceAll('\uff9e', '\u0323'),
    ],
  ] as const)
    it(`of a letter with marks without end in ${where} is how it is spelled`, () => assert.equal(folded(endless), endless))
})
