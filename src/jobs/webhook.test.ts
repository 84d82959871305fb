import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Webhook } from 'standardwebhooks'
import type { Institution } from '../directory/institution.ts'
import type { Delivery, Message } from './deliveries.ts'
import { webhookSender } from './webhook.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const MESSAGE: Message = {
  id: '01987c2e-6f1d-7a44-8b0e-3c9a5d2f7e10-held',
  type: 'file.held',
  at: Date.parse('2026-03-28T07:00:00Z'),
  data: { institution: 'north', file: 'Müller.csv' },
  subject: 'North: Müller.csv is held',
  text: 'held',
}
const delivery = { message: MESSAGE, to: { kind: 'webhook' }, institution: 'north' } as Delivery
const never = new AbortController().signal

describe('a webhook', () => {
  const server = createServer(async (request, response) => {
    received = { headers: request.headers, body: (await request.toArray()).join('') }
    response.writeHead(answer.status, answer.headers).end('x'.repeat(answer.bytes ?? 0))
  })
  let received: { headers: IncomingHttpHeaders; body: string } | undefined
  let answer: { status: number; headers?: { [name: string]: string }; bytes?: number }
  let url: string
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  })
  after(() => new Promise((resolve) => server.close(resolve)))

  const send = (answered: typeof answer, { isLocal = true, at = url } = {}) => {
    answer = answered
    const openSecret = (institution: string, sealed: string) => {
      assert.deepEqual([institution, sealed], ['north', 'sealed.1.…'])
      return SECRET
    }
    const settings = { files: { notify: { webhook: { url: at, secret: 'sealed.1.…' } } } }
    return webhookSender({ openSecret, isLocal, timeoutMs: 20_000 })(delivery, { settings } as Institution, never)
  }

  it('gets what a library of others can verify', async () => {
    assert.deepEqual(await send({ status: 204 }), { kind: 'delivered' })
    assert.ok(received)
    const { headers, body } = received
    const told = new Webhook(SECRET).verify(body, headers as { [name: string]: string })
    assert.deepEqual(told, { type: 'file.held', timestamp: '2026-03-28T07:00:00.000Z', data: MESSAGE.data })
    assert.equal(headers['webhook-id'], MESSAGE.id)
    assert.equal(headers['content-type'], 'application/json')
    assert.throws(() => new Webhook(SECRET).verify(body.replace('north', 'south'), headers as { [name: string]: string }))
  })

  for (const [why, answered, sent] of [
    ['has it whatever comes back with 200', { status: 200, bytes: 1_000_000 }, { kind: 'delivered' }],
    ['is tried again when it fails', { status: 500 }, { kind: 'failed', why: 'it answered 500' }],
    ['is tried again when it knows no such address', { status: 404 }, { kind: 'failed', why: 'it answered 404' }],
    [
      'is not followed elsewhere',
      { status: 307, headers: { location: '/' } },
      { kind: 'failed', why: 'it answered 307, and redirects are not followed' },
    ],
    [
      'is left alone as long as it asks',
      { status: 503, headers: { 'retry-after': '120' } },
      { kind: 'failed', why: 'it answered 503', notBeforeMs: 120_000 },
    ],
    [
      'that says nothing sensible is not waited for',
      { status: 429, headers: { 'retry-after': 'soon' } },
      { kind: 'failed', why: 'it answered 429' },
    ],
    ['that is gone gets no more', { status: 410 }, { kind: 'refused', why: 'it answered 410' }],
  ] as const)
    it(why, async () => assert.deepEqual(await send(answered), sent))

  it('may ask to wait until a date', async () => {
    const sent = await send({ status: 503, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } })
    assert.ok(sent.kind === 'failed' && sent.notBeforeMs !== undefined)
    assert.ok(sent.notBeforeMs > 50_000 && sent.notBeforeMs <= 60_000)
  })

  it('on this machine gets nothing from a server that others can reach', async () => {
    received = undefined
    assert.equal((await send({ status: 200 }, { isLocal: false })).kind, 'failed')
    assert.equal((await send({ status: 200 }, { isLocal: false, at: url.replace('http:', 'https:') })).kind, 'failed')
    assert.equal(received, undefined)
  })
})
