import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import type { NumberedResponse } from '../observe/numbered-response.ts'
import type { Exchange } from '../observe/requests.ts'
import { openHttpServer } from './http-server.ts'

/** A caller on a busy machine may need some time from its connection to its request. */
const UNREAD_MS = 1000
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const LARGE = 'x'.repeat(16 * 1024 * 1024)

/** The answer as Node's server has it. */
const onNode = (outgoing: Exchange['outgoing']) => outgoing as NumberedResponse

describe('the HTTP server', () => {
  it('drops an answer of which nothing is read', async () => {
    const gone = Promise.withResolvers<void>()
    await using server = await openHttpServer({ host: '127.0.0.1', port: 0, unreadMs: UNREAD_MS }, () => (_, { outgoing }) => {
      onNode(outgoing).on('close', () => gone.resolve())
      return new Response(LARGE)
    })
    const caller = connect(server.port, '127.0.0.1').pause()
    caller.write(REQUEST)
    await gone.promise
    caller.destroy()
  })

  it('leaves a stream alone that is quiet for long', async () => {
    const quiet = Promise.withResolvers<void>()
    await using server = await openHttpServer({ host: '127.0.0.1', port: 0, unreadMs: UNREAD_MS }, () => (_, { outgoing }) => {
      onNode(outgoing).on('timeout', () => quiet.resolve())
      return new Response(
        new ReadableStream({
          async pull(stream) {
            await quiet.promise
            stream.enqueue(new TextEncoder().encode('at last'))
            stream.close()
          },
        }),
      )
    })
    const answer = await fetch(`http://127.0.0.1:${server.port}`)
    assert.equal(await answer.text(), 'at last')
  })

  it('answers a few requests that come at once, in their order', async () => {
    let count = 0
    await using server = await openHttpServer({ host: '127.0.0.1', port: 0 }, () => () => new Response(`${++count} `))
    const caller = connect(server.port, '127.0.0.1')
    const last = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    caller.write(`${REQUEST.repeat(9)}${last}`)
    const bodies = /^\d+ (?=HTTP|$)/gm
    assert.equal((await text(caller)).match(bodies)?.join(''), '1 2 3 4 5 6 7 8 9 10 ')
  })

  it('cuts a connection that sends request upon request without an answer', async () => {
    let count = 0
    const held = Promise.withResolvers<void>()
    await using server = await openHttpServer({ host: '127.0.0.1', port: 0 }, () => async () => {
      count++
      await held.promise
      return new Response()
    })
    const caller = connect(server.port, '127.0.0.1')
    caller.write(REQUEST.repeat(1000))
    await once(caller, 'close').catch(() => {})
    held.resolve()
    assert.equal(count, 11)
  })

  for (const [what, bytes, answers] of [
    ['takes a body in pieces of a word', 16, 'HTTP/1.1 200 OK'],
    ['cuts a connection whose body comes in thousands of pieces of a byte', 1, ''],
  ] as const) {
    it(what, async () => {
      await using server = await openHttpServer({ host: '127.0.0.1', port: 0 }, () => async (request) => {
        return new Response(String((await request.text()).length))
      })
      const caller = connect(server.port, '127.0.0.1')
      const piece = `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`
      caller.write('POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n')
      caller.write(`${piece.repeat(10_000)}0\r\n\r\n`)
      assert.equal((await text(caller).catch(() => '')).split('\r\n')[0], answers)
    })
  }
})
