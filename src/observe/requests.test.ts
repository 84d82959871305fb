import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { createAdaptorServer } from '@hono/node-server'
import { openLog } from './log.ts'
import { openMetrics } from './metrics.ts'
import { NumberedResponse } from './numbered-response.ts'
import { watchRequests } from './requests.ts'

/** A watched server that answers as the test says. */
async function aServer(answer: (request: Request) => Response, level = 'info') {
  const lines: string[] = []
  const metrics = openMetrics()
  const fetchIt = watchRequests(async (request) => answer(request), {
    log: openLog(level, { write: (line) => void lines.push(line) }),
    metrics,
    routeOf: (_, path) => (path.startsWith('/Users/') ? '/Users/:id' : 'none'),
  })
  const server = createAdaptorServer({
    fetch: fetchIt as (request: Request) => Promise<Response>,
    serverOptions: { ServerResponse: NumberedResponse },
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return { url, lines, metrics, [Symbol.dispose]: () => void server.close() }
}

describe('the watch over requests', () => {
  it('gives every answer a number, also to one that is read piece by piece', async () => {
    using server = await aServer((request) =>
      request.url.endsWith('stream') ? new Response(ReadableStream.from([new Uint8Array(3)])) : Response.json({}),
    )
    const answers = await Promise.all(['', 'stream'].map((path) => fetch(`${server.url}/${path}`)))
    const numbers = answers.map((answer) => answer.headers.get('x-request-id'))
    assert.match(numbers[0] ?? '', /^[0-9a-f]{12}-\w+$/)
    assert.notEqual(numbers[0], numbers[1])
    assert.equal(answers[0]?.headers.get('content-type'), 'application/json')
  })

  it('keeps the number that a proxy gave, unless it is not one', async () => {
    using server = await aServer(() => new Response('ok'))
    const numberFor = async (sent: string) =>
      (await fetch(server.url, { headers: { 'x-request-id': sent } })).headers.get('x-request-id')
    assert.equal(await numberFor('edge-42'), 'edge-42')
    assert.notEqual(await numberFor('a b"}'), 'a b"}')
  })

  it('logs writes and failures with their route, and no path, query or header', async () => {
    using server = await aServer(() => new Response('no', { status: 404 }))
    const sent = { method: 'POST', headers: { authorization: 'Bearer secret' } }
    const answer = await fetch(`${server.url}/Users/ada@uni.edu?filter=userName%20eq%20%22ada%22`, sent)
    const line = JSON.parse(server.lines[0] ?? '')
    assert.deepEqual(
      [line.method, line.route, line.status, line.requestId],
      ['POST', '/Users/:id', 404, answer.headers.get('x-request-id')],
    )
    assert.doesNotMatch(server.lines.join(), /ada|secret/)
  })

  for (const [method, status, level] of [
    ['GET', 200, undefined],
    ['GET', 404, 30],
    ['POST', 201, 30],
    ['GET', 500, 50],
  ] as const)
    it(`logs ${method} ${status} ${level ? `at level ${level}` : 'only when asked for everything'}`, async () => {
      using server = await aServer(() => new Response('', { status }))
      await fetch(server.url, { method })
      assert.equal(server.lines[0] && JSON.parse(server.lines[0]).level, level)
    })

  it('logs plain reads at the level debug', async () => {
    using server = await aServer(() => new Response('ok'), 'debug')
    await fetch(server.url)
    assert.equal(JSON.parse(server.lines[0] ?? '').status, 200)
  })

  it('measures by route', async () => {
    using server = await aServer(() => new Response('ok'))
    await fetch(`${server.url}/Users/ada`)
    assert.match(await server.metrics.text(), /duration_seconds_count\{method="GET",route="\/Users\/:id",status="200"\} 1/)
  })
})
