import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { ServerType } from '@hono/node-server'
import { createAdaptorServer } from '@hono/node-server'
import { readBody } from './body.ts'

const MAX = 1000

describe('the body reader', () => {
  let server: ServerType
  let port: number
  before(async () => {
    server = createAdaptorServer({ fetch: async (request: Request) => Response.json(await readBody(request, MAX)) })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    port = typeof address === 'object' && address ? address.port : 0
  })
  after(() => server.close())

  const send = (body: string | Uint8Array<ArrayBuffer> | ReadableStream) =>
    fetch(`http://127.0.0.1:${port}`, { method: 'POST', body, duplex: 'half' }).then((r) => r.json())
  const chunked = (...parts: string[]) => ReadableStream.from(parts.map((part) => new TextEncoder().encode(part)))

  for (const [why, body, expected] of [
    ['reads a body as it was sent', '{"name":"Ünï"}', { kind: 'ok', text: '{"name":"Ünï"}' }],
    ['reads an empty body', '', { kind: 'ok', text: '' }],
    ['reads up to the limit', 'x'.repeat(MAX), { kind: 'ok', text: 'x'.repeat(MAX) }],
    ['refuses one byte more', 'x'.repeat(MAX + 1), { kind: 'tooLarge', maxBytes: MAX }],
    ['counts bytes, not letters', 'ü'.repeat(MAX / 2 + 1), { kind: 'tooLarge', maxBytes: MAX }],
    ['drops a byte order mark', '\uFEFF{}', { kind: 'ok', text: '{}' }],
    ['refuses what is not UTF-8', new Uint8Array([0x22, 0xc3, 0x28, 0x22]), { kind: 'notText' }],
  ] as const)
    it(why, async () => assert.deepEqual(await send(body), expected))

  it('joins what comes in chunks, also inside a letter', async () => {
    const bytes = new TextEncoder().encode('aüb')
    const body = ReadableStream.from([bytes.slice(0, 2), bytes.slice(2)])
    assert.deepEqual(await send(body), { kind: 'ok', text: 'aüb' })
  })

  it('counts what comes in chunks', async () => {
    assert.deepEqual(await send(chunked('x'.repeat(600), 'x'.repeat(600))), { kind: 'tooLarge', maxBytes: MAX })
  })

  it('answers before an endless body has ended', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (let i = 0; i < 3; i++) socket.write(`190\r\n${'x'.repeat(400)}\r\n`)
    const [answer] = await once(socket, 'data')
    socket.destroy()
    assert.match(String(answer), /tooLarge/)
  })

  for (const [coding, kind] of [
    ['gzip', 'packed'],
    ['identity, br', 'packed'],
    [' Identity ', 'ok'],
    ['', 'ok'],
  ] as const) {
    it(`takes a body with the Content-Encoding "${coding}" for ${kind}`, async () => {
      const request = new Request('http://a', { method: 'POST', body: 'x', headers: { 'content-encoding': coding } })
      assert.equal((await readBody(request, MAX)).kind, kind)
      assert.equal(request.bodyUsed, kind === 'ok')
    })
  }

  it('does not trust an announced length', async () => {
    const request = new Request('http://a', { method: 'POST', body: 'x'.repeat(MAX + 1), headers: { 'content-length': '5' } })
    assert.equal((await readBody(request, MAX)).kind, 'tooLarge')
  })

  it('refuses by the announced length without reading', async () => {
    const request = new Request('http://a', { method: 'POST', body: 'x', headers: { 'content-length': String(MAX + 1) } })
    assert.equal((await readBody(request, MAX)).kind, 'tooLarge')
    assert.equal(request.bodyUsed, false)
  })

  it('gives up on a body that does not come', async () => {
    for (const headers of [{}, { 'content-length': '5' }]) {
      const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(Uint8Array.of(0x61)) })
      const request = new Request('http://a', { method: 'POST', body, headers, duplex: 'half' })
      assert.deepEqual(await readBody(request, MAX, 5), { kind: 'tooSlow' })
    }
  })
})
