import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import type { CheckResult } from './check.ts'
import { listChecks } from './check.ts'
import type { Target } from './exchange.ts'
import { FilterUsers } from './filter-users.ts'
import { isObject, parseJson } from './json.ts'
import type { Options } from './run.ts'
import { countChecks, runConformance } from './run.ts'

async function run(listener: RequestListener, options: Partial<Options> = {}): Promise<CheckResult[]> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const results: CheckResult[] = []
    for await (const result of runConformance({ url, token: 'right', timeoutMs: 60_000, ...options })) results.push(result)
    return results
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const idsOf = (results: readonly CheckResult[], verdict: CheckResult['verdict']) =>
  results.filter((result) => result.verdict === verdict).map(({ id }) => id)

describe('the suite against a server that does nothing right', () => {
  const json = (status: number, body: unknown): RequestListener => {
    return (_, response) => response.writeHead(status, { 'content-type': 'application/scim+json' }).end(JSON.stringify(body))
  }
  const list = { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults: 0, Resources: [] }
  const error = {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: '404',
    scimType: 'invalidFilter',
    detail: 'x',
  }
  for (const [why, listener, passes] of [
    ['{} and 200 to everything passes nothing', json(200, {}), []],
    [
      '404 to everything passes only what is to be refused',
      json(404, error),
      ['rfc/discovery-not-changed', 'rfc/method-not-served'],
    ],
    [
      'an empty list to everything passes only what asks for one',
      json(200, list),
      ['entra/test-connection', 'rfc/empty-list', 'rfc/listed-whole'],
    ],
    ['500 to everything passes nothing', json(500, {}), []],
    ['text that is no JSON passes nothing', (_, response) => response.end('<html>'), []],
  ] as const satisfies readonly (readonly [string, RequestListener, readonly string[]])[]) {
    it(why, async () => {
      const results = await run(listener)
      const allowed: readonly string[] = passes
      assert.deepEqual(
        idsOf(results, 'passed').filter((id) => !allowed.includes(id)),
        [],
      )
      assert.equal(results.length, countChecks({ url: '', token: '' }))
      assert.ok(idsOf(results, 'failed').length > 200)
    })
  }

  it('hanging fails the one check of the connection, and soon', async () => {
    assert.deepEqual(idsOf(await run(() => undefined, { timeoutMs: 100 }), 'failed'), ['rfc/connection'])
  })

  it('closing every connection fails the one check of the connection', async () => {
    assert.deepEqual(idsOf(await run((request) => request.socket.destroy()), 'failed'), ['rfc/connection'])
  })

  it('hanging after its discovery ends every dialogue at its first step', async () => {
    const isDiscovery = (url: string) => /\/(ServiceProviderConfig|Schemas|ResourceTypes)$/.test(url)
    const listener: RequestListener = ({ url = '' }, response) => {
      if (isDiscovery(url)) response.end('{}')
    }
    // However busy the machine is: what is answered has all the time that it wants.
    const patient: typeof fetch = (url, init) => fetch(url, isDiscovery(String(url)) ? { ...init, signal: null } : init)
    const results = await run(listener, { timeoutMs: 50, only: ['entra/', 'rfc/filter'], width: 50, fetch: patient })
    assert.deepEqual(idsOf(results, 'passed'), [])
    const failed = results.filter(({ verdict }) => verdict === 'failed')
    assert.ok(failed.length > 100, `${failed.length} failed`)
    for (const { id, faults } of failed) assert.deepEqual([id, faults.map(({ got }) => got)], [id, ['nothing within 50 ms']])
  })
})

/** Users by POST, GET, DELETE and `eq` filters on userName: enough for a few dialogues, with one fault at choice. */
class SmallServer {
  readonly users = new Map<string, { readonly userName: string; readonly [name: string]: unknown }>()
  /** Of all that were ever created. */
  readonly names: string[] = []
  readonly requests: string[] = []
  readonly #fault: string

  constructor(fault: string) {
    this.#fault = fault
  }

  readonly listener: RequestListener = async (request, response) => {
    this.requests.push(`${request.method} ${request.url}`)
    const [status, body] = this.#answer(request, await text(request))
    const type = this.#fault === 'sends text/html' ? 'text/html' : 'application/scim+json'
    response.writeHead(status, { 'content-type': type }).end(body === undefined ? undefined : JSON.stringify(body))
  }

  #answer({ url = '', method }: IncomingMessage, body: string): readonly [status: number, body?: unknown] {
    const { pathname, searchParams } = new URL(url, 'http://x')
    const id = pathname.slice('/Users/'.length)
    if (pathname === '/Users' && method === 'POST') return this.#create(body)
    if (pathname === '/Users') return this.#list(searchParams.get('filter') ?? '')
    const user = this.users.get(id)
    if (user === undefined) return [404, { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '404' }]
    if (method !== 'DELETE') return [200, user]
    if (this.#fault !== 'keeps what is deleted') this.users.delete(id)
    return [204]
  }

  #create(body: string): readonly [status: number, body?: unknown] {
    const user = parseJson(body)
    if (!isObject(user) || typeof user.userName !== 'string') return [400]
    const id = randomUUID()
    this.names.push(user.userName)
    this.users.set(id, { ...user, userName: user.userName, id })
    if (this.#fault === 'fails where it has created') return [500, {}]
    return [this.#fault === 'says 200 for 201' ? 200 : 201, { ...user, id }]
  }

  #list(filter: string): readonly [status: number, body: unknown] {
    const wanted = this.#fault === 'finds everybody' ? '' : (/"([^"]*)"/.exec(filter)?.[1] ?? '')
    const found = [...this.users.values()].filter(({ userName }) => userName.includes(wanted))
    const schemas = [`urn:ietf:params:scim:api:messages:2.0:${this.#fault === 'misnames its lists' ? 'List' : 'ListResponse'}`]
    return [200, { schemas, totalResults: found.length, Resources: found }]
  }
}

describe('the suite against a small server', () => {
  const only = ['entra/test-connection', 'entra/hard-delete', 'rfc/filter-v001']
  for (const [fault, failed] of [
    ['none', []],
    ['keeps what is deleted', ['entra/hard-delete']],
    ['says 200 for 201', ['rfc/filter-v001', 'entra/hard-delete']],
    ['finds everybody', ['rfc/filter-v001', 'entra/hard-delete']],
    ['misnames its lists', ['entra/test-connection', 'entra/hard-delete']],
    ['sends text/html', ['entra/test-connection']],
  ] as const) {
    it(`with the fault "${fault}" fails ${failed.join(' and ') || 'nothing'}`, async () => {
      const server = new SmallServer(fault)
      const results = await run(server.listener, { only })
      assert.deepEqual(idsOf(results, 'failed'), failed)
      assert.deepEqual(idsOf(results, 'not offered'), ['entra/test-connection-groups'])
    })
  }

  it('leaves nothing behind', async () => {
    const server = new SmallServer('none')
    server.users.set('before', { id: 'before', userName: 'before' })
    await run(server.listener)
    assert.deepEqual([...server.users.keys()], ['before'])
  })

  it('leaves nothing behind when its reader stops early', async () => {
    const small = new SmallServer('none')
    const server = createServer(small.listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    for await (const { id } of runConformance({ url, token: 'right' })) if (id === 'rfc/filter-v002') break
    assert.equal(small.users.size, 0)
    server.closeAllConnections()
    server.close()
  })

  it('begins the names of all that it makes with a prefix, and a mark of the run', async () => {
    const server = new SmallServer('none')
    await run(server.listener, { dialects: ['entra', 'okta'] })
    await run(server.listener, { only: ['rfc/filter-v001'], prefix: 'trial.' })
    const [first = '', ...names] = server.names.map((name) => /^(conformance-|trial\.)[0-9a-f]{6}-/.exec(name)?.[0] ?? name)
    assert.match(first, /^conformance-/)
    assert.equal(new Set([first, ...names]).size, 2)
  })

  it('finds by its mark what it was not told of, and deletes that too', async () => {
    const server = new SmallServer('fails where it has created')
    server.users.set('before', { id: 'before', userName: 'before' })
    await run(server.listener, { only: ['entra/hard-delete', 'rfc/filter-v001'] })
    assert.ok(server.names.length > 0)
    assert.deepEqual([...server.users.keys()], ['before'])
  })

  it('only reads where it is told so', async () => {
    const server = new SmallServer('none')
    const results = await run(server.listener, { isReadOnly: true })
    assert.ok(results.length > 80, `${results.length} checks`)
    assert.ok(results.some(({ id }) => id === 'rfc/schemas-described'))
    assert.deepEqual(
      server.requests.filter((request) => !/^(GET|POST \S+\/\.search)\b/.test(request)),
      [],
    )
  })

  it('takes sections for names', async () => {
    const results = await run(new SmallServer('none').listener, { only: ['RFC 7644 3.6'] })
    assert.deepEqual(new Set(results.map(({ clause }) => clause)), new Set(['RFC 7644 3.6']))
    assert.ok(results.length > 5)
  })

  it('yields results in the order of the suite, however many run at once', async () => {
    const [one, many] = await Promise.all([
      run(new SmallServer('none').listener, { width: 1 }),
      run(new SmallServer('none').listener, { width: 16 }),
    ])
    assert.deepEqual(
      one.map(({ id }) => id),
      many.map(({ id }) => id),
    )
  })

  it('tries the strength of the server last, so that one that breaks down fails nothing else', () => {
    const target: Target = { base: '', token: '', mark: '', timeoutMs: 0, fetch }
    const isLong = listChecks(target, new FilterUsers(target, [])).map(({ id }) => /filter-g\d/.test(id))
    assert.ok(isLong.includes(true))
    assert.ok(isLong.slice(isLong.indexOf(true)).every(Boolean))
  })

  it('plays only the dialects that are asked for', async () => {
    const results = await run(new SmallServer('none').listener, { dialects: ['google', 'jumpcloud'] })
    assert.deepEqual(new Set(results.map(({ dialect }) => dialect)), new Set(['google', 'jumpcloud']))
  })
})
