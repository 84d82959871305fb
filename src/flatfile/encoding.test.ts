import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { encodingOf, textOfFile } from './encoding.ts'

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16()

describe('the encoding of a text file', () => {
  for (const [why, bytes, name, text] of [
    ['by its mark', Buffer.from('\ufeffZoë'), 'utf-8', 'Zoë'],
    ['by its mark', Buffer.from('\ufeffZoë', 'utf16le'), 'utf-16le', 'Zoë'],
    ['by its mark', utf16be('\ufeffZoë'), 'utf-16be', 'Zoë'],
    ['by the NULs in every second byte', Buffer.from('netid\tZoë', 'utf16le'), 'utf-16le', 'netid\tZoë'],
    ['by the NULs in every second byte', utf16be('netid\tZoë'), 'utf-16be', 'netid\tZoë'],
    ['as UTF-8 where all of it is', Buffer.from('Zoë 🎓'), 'utf-8', 'Zoë 🎓'],
    [
      'as Windows-1252 else, with the letters that Latin-1 lacks',
      Buffer.from([0x5a, 0x6f, 0xeb, 0x20, 0x96, 0x80]),
      'windows-1252',
      'Zoë –€',
    ],
    [
      'by the lines and letters of a Macintosh',
      Buffer.from('Zo\x8e,"a\nb"\r\rM\x9fller\r', 'latin1'),
      'macintosh',
      'Zoé,"a\nb"\r\rMüller\r',
    ],
    [
      'as Windows-1252 where the letters are of it',
      Buffer.from('Zo\xeb,M\xfcller\rO\x92Brien\r', 'latin1'),
      'windows-1252',
      'Zoë,Müller\rO’Brien\r',
    ],
    ['as Windows-1252 where only some lines end so', Buffer.from('Zo\x8e\rb\r\n', 'latin1'), 'windows-1252', 'ZoŽ\rb\r\n'],
    ['as UTF-8 where a single NUL is in it', Buffer.from('net\0id,email'), 'utf-8', 'net\0id,email'],
  ] as const) {
    it(`is told ${why}: ${name}`, async () => {
      assert.deepEqual(await readBytes(bytes), { name, text })
    })
  }

  it('is UTF-8 still when a few bytes of much UTF-8 are cut: those letters are lost, not all others', async () => {
    const { name, text } = await readBytes(Buffer.concat([Buffer.from('Zoë Müller Łódź '), Buffer.from('ë').subarray(0, 1)]))
    assert.equal(name, 'utf-8')
    assert.equal(text, 'Zoë Müller Łódź \ufffd')
  })

  for (const [why, bytes] of [
    ['a single letter of it is whole and another cut', Buffer.concat([Buffer.from('Zoë,Br'), Buffer.from('ü').subarray(0, 1)])],
    ['lines of Windows-1252 were joined to it', Buffer.concat([Buffer.from('Zoë\n'), Buffer.from('Zoë\nMüller\n', 'latin1')])],
  ] as const) {
    it(`is UTF-8 still when ${why}`, async () => {
      const { name, text } = await readBytes(bytes)
      assert.equal(name, 'utf-8')
      assert.match(text, /^Zoë.*\ufffd/s)
    })
  }

  it('says so when it had to guess', async () => {
    await using folder = await temporaryFolder()
    const { notice } = await encodingOf(await folder.put('a.csv', Buffer.from([0x5a, 0x6f, 0xeb])))
    assert.match(notice ?? '', /guessed.*Windows-1252\. Look at names/)
  })

  for (const [why, text, isOdd] of [
    ['MacRoman', 'J\x9arg,M\x9fller', true],
    ['code page 850', 'J\x94rg,M\x81ller', true],
    ['Windows-1250', 'Pawe\xb3,Wa\xb3\xeasa,Krak\xf3w', true],
    ['ISO-8859-15', 'Zo\xeb,S\xbdur', true],
    ['Windows-1252', 'Zo\xeb,M\xfcller', false],
    ['Windows-1252 with quotation marks and dashes', 'Sean,O\x92Brien,\x93Zo\xeb\x94 \x96 x', false],
    ['Windows-1252 with signs', 'Zo\xeb,Paral\xb7lel,O\xb4Neil,\xbfQu\xe9?,M\xaa,\xa7 5,N\xb0B', false],
    ['Windows-1252 with the odd rare letter', 'Zo\xeb,\x8ei\x9eka', false],
  ] as const) {
    it(`says ${isOdd ? '' : 'nothing '}of odd words where it is ${why}`, async () => {
      await using folder = await temporaryFolder()
      const { notice = '' } = await encodingOf(await folder.put('a.csv', Buffer.from(text, 'latin1')))
      assert.equal(/odd words/.test(notice), isOdd)
    })
  }

  it('keeps every letter, wherever a piece of the file ends', async () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'ë', '—', '🎓'), minLength: 30_000, maxLength: 60_000 })
    await fc.assert(
      fc.asyncProperty(letters, async (text) => {
        assert.deepEqual(await readBytes(Buffer.from(`x${text}`)), { name: 'utf-8', text: `x${text}` })
      }),
      { numRuns: 10 },
    )
  })
})

async function readBytes(bytes: Buffer) {
  await using folder = await temporaryFolder()
  const path = await folder.put('a.csv', bytes)
  const encoding = await encodingOf(path)
  let text = ''
  for await (const piece of textOfFile(path, encoding)) text += piece
  return { name: encoding.name, text }
}
