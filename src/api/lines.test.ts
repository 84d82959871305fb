import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Line } from './lines.ts'
import { LineBatches } from './lines.ts'

const LIMITS = { mostLines: 3, mostLength: 40, maxLineBytes: 20 }
const utf8 = new TextEncoder()

describe('lines of a body', () => {
  it('come out as they went in, however the body is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 4 }).map((text) => text.replaceAll('\n', ''))),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        fc.boolean(),
        async (texts, sizes, endsWithNewline) => {
          const bytes = utf8.encode(texts.join('\n') + (endsWithNewline ? '\n' : ''))
          const lines = await all(new LineBatches(bodyOf(cut(bytes, sizes)), { ...LIMITS, maxLineBytes: 200 }))
          const expected = texts.filter((text) => text.trim() !== '')
          assert.deepEqual(
            lines.map((line) => (line.kind === 'text' ? line.text : line.code)),
            expected,
          )
        },
      ),
    )
  })

  it('are at most so many at once', async () => {
    const batches = new LineBatches(bodyOf([utf8.encode('1\n2\n3\n4\n5\n6\n7\n8')]), LIMITS)
    const sizes: number[] = []
    for (let batch = await batches.next(); Array.isArray(batch); batch = await batches.next()) sizes.push(batch.length)
    assert.deepEqual(sizes, [3, 3, 2])
  })

  it('are at most of such a length at once, but for the last', async () => {
    const batches = new LineBatches(bodyOf([utf8.encode('aaaa\nbb\ncccccccc\nd\ne')]), { ...LIMITS, mostLength: 5 })
    const found: unknown[] = []
    for (let batch = await batches.next(); Array.isArray(batch); batch = await batches.next()) found.push(batch.length)
    assert.deepEqual(found, [2, 1, 2])
  })

  it('that are too long or no UTF-8 say so by their number, and the rest goes on', async () => {
    const body = bodyOf([
      utf8.encode('ok\n'),
      utf8.encode('x'.repeat(15)),
      utf8.encode('x'.repeat(15)),
      Uint8Array.of(0x0a, 0xff, 0xfe, 0x0a),
      utf8.encode('\nend'),
    ])
    const lines = await all(new LineBatches(body, LIMITS))
    assert.deepEqual(
      lines.map((line) => [line.number, line.kind === 'text' ? line.text : line.code]),
      [
        [1, 'ok'],
        [2, 'line_too_long'],
        [3, 'line_unreadable'],
        [5, 'end'],
      ],
    )
  })

  it('of a body that breaks off are not handed on after the break', async () => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined
    const body = new ReadableStream<Uint8Array>({
      start(own) {
        controller = own
      },
    })
    const batches = new LineBatches(body, LIMITS)
    controller?.enqueue(utf8.encode('1\n2\n3\n4\n{"half": '))
    assert.equal((await batches.next())?.length, 3)
    controller?.error(new Error('the connection is gone'))
    await new Promise(setImmediate)
    assert.equal(await batches.next(), 'broken')
  })

  it('are not read further than a batch ahead', async () => {
    let pulled = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulled++
          controller.enqueue(utf8.encode('x\n'))
        },
      },
      { highWaterMark: 0 },
    )
    const batches = new LineBatches(body, LIMITS)
    for (let round = 1; round <= 10; round++) {
      await batches.next()
      await new Promise(setImmediate)
      assert.ok(pulled <= 3 * round + 3, `${pulled} after ${round}`)
    }
    await batches.cancel()
    assert.equal(await batches.next(), 'broken')
  })
})

async function all(batches: LineBatches): Promise<Line[]> {
  const lines: Line[] = []
  for (;;) {
    const batch = await batches.next()
    assert.notEqual(batch, 'broken')
    if (batch === undefined || batch === 'broken') return lines
    lines.push(...batch)
  }
}

function bodyOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
}

function cut(bytes: Uint8Array, sizes: Iterator<number>): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = sizes.next().value ?? 1
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}
