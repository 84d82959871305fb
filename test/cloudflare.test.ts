/**
 * Matricula on Cloudflare's runtime: the same answers as on Node, from the same database.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createToken } from '../src/auth/tokens.ts'
import entry from '../src/cloudflare.ts'
import { openMongo } from '../src/store/mongo/open.ts'
import type { Store } from '../src/store/store.ts'
import { ASSERTION_TYPE, aClient, anInstitution, by, openDoor } from './door.ts'
import type { Issuer } from './issuer.ts'
import { openIssuer } from './issuer.ts'
import { startMongo } from './mongo-server.ts'
import type { RunningWorker } from './worker.ts'
import { startWorker } from './worker.ts'

const SECRET_KEY = 'a key for tests alone'
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
const MESSAGES = 'urn:ietf:params:scim:api:messages:2.0'

type Json = { readonly [name: string]: unknown }

const mongo = await startMongo()
const skip = 'missing' in mongo && mongo.missing

describe('a Worker', { skip }, () => {
  const open = new AsyncDisposableStack()
  const tokens: { [scope: string]: string } = {}
  let store: Store
  let issuer: Issuer
  let worker: RunningWorker
  before(async () => {
    if ('missing' in mongo) return
    open.defer(() => mongo.stop())
    const uri = mongo.freshUri()
    store = open.use(await openMongo(uri))
    issuer = open.use(await openIssuer())
    const { url, jwksUrl } = issuer
    await anInstitution(store, 'north', {
      trustedIssuers: [{ name: 'entra', issuer: url, jwksUrl, audience: 'matricula', claims: { sub: 'agent' } }],
    })
    for (const scope of ['scim', 'api'] as const) {
      tokens[scope] = (await createToken(store, { institution: 'north', scope, by, now: Date.now() })).text
    }
    worker = open.use(await startWorker((origin) => ({ DATABASE_URL: uri, SECRET_KEY, PUBLIC_URL: origin })))
  })
  after(() => open.disposeAsync())

  async function ask(method: string, path: string, body?: object | string, type = 'application/json') {
    const scope = path.startsWith('scim') ? 'scim' : 'api'
    const answer = await fetch(`${worker.origin}/institutions/north/${path}`, {
      method,
      headers: { authorization: `Bearer ${tokens[scope]}`, 'content-type': type },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    const told = answer.headers.get('content-type')?.includes('json') && !type.includes('ndjson') ? JSON.parse(text || '{}') : {}
    return { status: answer.status, headers: answer.headers, text, told: told as Json }
  }

  const person = (name: string): Json => ({
    email: `${name}@uni.edu`,
    first_name: name,
    last_name: 'Byron',
    account_type: 'Student',
  })

  it('has one record for a person who comes by REST and by SCIM', async () => {
    const byRest = await ask('POST', 'api/v1/users', person('ada'))
    assert.equal(byRest.status, 201, byRest.text)
    const byScim = await ask('POST', 'scim/v2/Users', {
      schemas: [USER],
      userName: 'ada@uni.edu',
      externalId: '7',
      emails: [{ value: 'ada@uni.edu', primary: true }],
    })
    assert.deepEqual([byScim.status, byScim.told.id], [201, byRest.told.id])
  })

  it('answers SCIM as on Node: filters, PATCH, ETags, groups and bulk', async () => {
    const made = await ask('POST', 'scim/v2/Users', { schemas: [USER], userName: 'grace', title: 'Rear Admiral' })
    assert.equal(made.status, 201, made.text)
    const found = await ask('GET', `scim/v2/Users?filter=${encodeURIComponent('title co "admiral" and userName sw "g"')}`)
    assert.equal(found.told.totalResults, 1, found.text)
    const patch = { schemas: [`${MESSAGES}:PatchOp`], Operations: [{ op: 'replace', path: 'title', value: 'Captain' }] }
    const patched = await ask('PATCH', `scim/v2/Users/${made.told.id}`, patch)
    assert.deepEqual([patched.status, patched.told.title], [200, 'Captain'])
    assert.notEqual(patched.headers.get('etag'), made.headers.get('etag'))
    const bulk = await ask('POST', 'scim/v2/Bulk', {
      schemas: [`${MESSAGES}:BulkRequest`],
      Operations: [
        { method: 'POST', path: '/Users', bulkId: 'u', data: { schemas: [USER], userName: 'joan' } },
        { method: 'POST', path: '/Groups', bulkId: 'g', data: { displayName: 'Navy', members: [{ value: 'bulkId:u' }] } },
      ],
    })
    assert.equal(bulk.status, 200, bulk.text)
    const statuses = (bulk.told.Operations as readonly Json[]).map(({ status }) => status)
    assert.deepEqual(statuses, ['201', '201'], bulk.text)
    const wrong = await ask('POST', 'scim/v2/Users', { schemas: [USER], userName: 'late', active: 'perhaps' })
    assert.deepEqual([wrong.status, wrong.told.scimType], [400, 'invalidValue'], wrong.text)
  })

  it('takes a stream of people, and tells what is wrong with one of them', async () => {
    const lines = [...Array.from({ length: 120 }, (_, index) => person(`p${index}`)), { email: 'no-address', first_name: 7 }]
    const body = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
    const { status, text } = await ask('POST', 'api/v1/users/batch', body, 'application/x-ndjson')
    assert.equal(status, 200)
    const told = text
      .trim()
      .split('\n')
      .map((line): Json => JSON.parse(line))
    assert.equal(told.filter(({ outcome }) => outcome === 'created').length, 120)
    assert.equal(told.filter(({ outcome }) => outcome === 'invalid').length, 1)
  })

  it('lets in OAuth clients and tokens of trusted issuers, whose keys it fetches', async () => {
    const { client, secret } = await aClient(store)
    const token = async (form: { [name: string]: string }) => {
      const asked = { grant_type: 'client_credentials', ...form }
      const answer = await fetch(`${worker.origin}/institutions/north/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams(asked),
      })
      return { status: answer.status, told: (await answer.json()) as Json }
    }
    const given = await token({ client_id: client._id, client_secret: secret })
    assert.equal(given.status, 200, JSON.stringify(given.told))
    const headers = { authorization: `Bearer ${given.told.access_token}` }
    assert.equal((await fetch(`${worker.origin}/institutions/north/scim/v2/Users?count=1`, { headers })).status, 200)
    const now = Math.floor(Date.now() / 1000)
    const assertion = await issuer.sign({ iss: issuer.url, aud: 'matricula', sub: 'agent', iat: now, exp: now + 600 })
    const exchanged = await token({ client_assertion_type: ASSERTION_TYPE, client_assertion: assertion, client_id: 'entra' })
    assert.equal(exchanged.status, 200, `${JSON.stringify(exchanged.told)}\n${worker.said.slice(-30).join('\n')}`)
    assert.equal(issuer.asked(), 1)
  })

  it('gives a cursor that a process on Node goes on with', async () => {
    await using door = await openDoor(store, worker.origin)
    const first = await ask('GET', 'scim/v2/Users?count=2&cursor=')
    assert.equal(typeof first.told.nextCursor, 'string', first.text)
    const next = `north/scim/v2/Users?count=2&cursor=${encodeURIComponent(String(first.told.nextCursor))}`
    const second = await door.enter(String(tokens.scim), next)
    assert.equal(second.status, 200, await second.text())
  })

  it('has no way in but SCIM, REST and the token endpoint', async () => {
    for (const path of ['metrics', 'institutions/north/saml/metadata', 'institutions/north/files/x.csv']) {
      assert.equal((await fetch(`${worker.origin}/${path}`)).status, 404, path)
    }
    const page = await (await fetch(`${worker.origin}/`)).text()
    assert.match(page, /institutions\/ID\/oauth\/token</)
    assert.doesNotMatch(page, /\/saml\/|\/files\//)
  })

  it('answers what it does not read to its end', async () => {
    const piece = new TextEncoder().encode(' '.repeat(64 * 1024))
    const inPieces = () => ReadableStream.from(Array.from({ length: 140 }, () => piece))
    const whole = new Uint8Array(140 * piece.length).fill(0x20)
    for (const [token, path, status] of [
      [tokens.scim, 'Users', 413],
      [tokens.scim, 'Bulk', 413],
      ['nobody', 'Users', 401],
    ] as const) {
      for (let time = 0; time < 6; time++) {
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' }
        const sent = { method: 'POST', headers, body: time % 2 ? whole : inPieces(), duplex: 'half' } as const
        const answer = await fetch(`${worker.origin}/institutions/north/scim/v2/${path}`, sent)
        assert.equal(answer.status, status, await answer.text())
      }
    }
  })
})

describe('a Worker that cannot serve', () => {
  it('answers 503 and says in its log which variable is missing', async () => {
    await using worker = await startWorker(() => ({ DATABASE_URL: 'mongodb://127.0.0.1:1/none', SECRET_KEY }))
    const answer = await fetch(`${worker.origin}/readyz`)
    assert.equal(answer.status, 503)
    assert.match(await answer.text(), /its log says why/)
    await worker.hears(/PUBLIC_URL is missing/)
  })

  it('answers 503 when its object ends under a request, as it does at each deployment', async (t) => {
    t.mock.method(console, 'error', () => undefined)
    const ended = { fetch: () => Promise.reject(new Error('Durable Object reset because its code was updated.')) }
    const answer = await entry.fetch(new Request('https://roll.uni.edu/'), { ROLL: { idFromName: String, get: () => ended } })
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '5'])
  })
})
