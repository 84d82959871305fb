import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { crc32, deflateRawSync } from 'node:zlib'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { archive } from '../../test/workbooks.ts'
import type { FileLimits } from './limits.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { FileCode } from './refusal.ts'
import { FileRefused } from './refusal.ts'
import { openZip } from './zip.ts'

const MB = 1024 * 1024

describe('an archive', () => {
  it('gives its parts by name, in any case, again at each call', async () => {
    const bytes = await archive({ 'xl/Workbook.xml': 'x'.repeat(200_000) })
    assert.equal((await readPart(bytes, 'XL/workbook.xml')).length, 200_000)
  })

  for (const [why, code, make, limits] of [
    ['without the part', 'format_invalid', () => archive({ other: 'x' }), {}],
    ['cut behind its first part', 'format_invalid', async () => Buffer.from((await archive({ part: 'x' })).subarray(0, 40)), {}],
    ['whose part is damaged', 'format_invalid', () => zipOf({ packed: damagedDeflate() }), {}],
    ['whose part has another checksum', 'format_invalid', () => zipOf({ checksum: 1 }), {}],
    ['whose part is larger than its directory says', 'format_invalid', () => zipOf({ size: 3 }), {}],
    ['whose part is smaller than its directory says', 'format_invalid', () => zipOf({ size: 30 }), {}],
    ['packed by another method', 'format_invalid', () => zipOf({ method: 12 }), {}],
    ['under a password', 'file_encrypted', () => zipOf({ flags: 1 }), {}],
    ['of too many parts', 'inflation_limit', () => archive({ a: '', b: '', part: '' }), { zipEntries: 2 }],
    [
      'that says it inflates past the limit',
      'inflation_limit',
      () => archive({ part: 'x'.repeat(2000), b: 'x' }),
      { inflatedBytes: 2000 },
    ],
    ['that inflates to a thousand times its size', 'inflation_limit', () => archive({ part: Buffer.alloc(11 * MB) }), {}],
    ['that does so and lies about its size', 'format_invalid', () => zipOf({ text: Buffer.alloc(11 * MB), size: 100 }), {}],
    ['that hides the ratio behind rubbish', 'inflation_limit', () => bombWithRubbish(), {}],
  ] as const satisfies readonly (readonly [string, FileCode, () => Uint8Array | Promise<Uint8Array>, Partial<FileLimits>])[]) {
    it(`is refused ${why}: ${code}`, async () => {
      await assert.rejects(readPart(await make(), 'part', limits), (error) => error instanceof FileRefused && error.code === code)
    })
  }

  it('may pack a small part as tightly as it likes', async () => {
    assert.equal((await readPart(await archive({ part: Buffer.alloc(9 * MB) }), 'part')).length, 9 * MB)
  })

  it('leaves the faults of the disk what they are', async () => {
    await assert.rejects(openZip('/nowhere/at/all.xlsx', DEFAULT_LIMITS), { code: 'ENOENT' })
  })
})

async function readPart(bytes: Uint8Array, name: string, limits: Partial<FileLimits> = {}): Promise<Buffer> {
  await using folder = await temporaryFolder()
  await using zip = await openZip(await folder.put('a.zip', bytes), { ...DEFAULT_LIMITS, ...limits })
  return await buffer(zip.read(name))
}

function damagedDeflate(): Buffer {
  const packed = deflateRawSync(Buffer.from('some text that is packed'))
  return Buffer.from(packed.map((byte, i) => (i === 3 ? byte ^ 0xff : byte)))
}

/** 100 MB of zeros in 100 kB, and a megabyte of nothing behind, which the directory counts as packed bytes. */
function bombWithRubbish(): Buffer {
  const text = Buffer.alloc(100 * MB)
  return zipOf({ text, packed: Buffer.concat([deflateRawSync(text), Buffer.alloc(1.2 * MB)]) })
}

/** An archive of one part whose headers say what they are told to. */
function zipOf(options: {
  text?: Buffer
  packed?: Buffer
  size?: number
  checksum?: number
  method?: number
  flags?: number
}): Buffer {
  const text = options.text ?? Buffer.from('some text')
  const packed = options.packed ?? deflateRawSync(text)
  const { size = text.length, checksum = crc32(text), method = 8, flags = 0 } = options
  const name = Buffer.from('part')
  const common = Buffer.alloc(26)
  for (const [value, at] of [
    [20, 0],
    [flags, 2],
    [method, 4],
    [name.length, 22],
  ] as const)
    common.writeUInt16LE(value, at)
  for (const [value, at] of [
    [checksum, 10],
    [packed.length, 14],
    [size, 18],
  ] as const)
    common.writeUInt32LE(value, at)
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, packed])
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), common, Buffer.alloc(14), name])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  for (const [value, at] of [
    [1, 8],
    [1, 10],
  ] as const)
    end.writeUInt16LE(value, at)
  for (const [value, at] of [
    [central.length, 12],
    [local.length, 16],
  ] as const)
    end.writeUInt32LE(value, at)
  return Buffer.concat([local, central, end])
}
