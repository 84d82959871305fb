/**
 * The description of the API, held against the API: every example is sent, every answer to whatever is sent is one that
 * the description has.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ajvFormats from 'ajv-formats'
import fc from 'fast-check'
import type { OpenApi, Operation } from '../src/api/openapi.ts'
import { openApiDocument } from '../src/api/openapi.ts'
import { FIELDS } from '../src/directory/fields.ts'
import { openSqlite } from '../src/store/sqlite/sqlite.ts'
import type { Store } from '../src/store/store.ts'
import type { Api } from './api-client.ts'
import { apiOver } from './api-client.ts'
import { anInstitution } from './builders.ts'
import { temporaryFile } from './stores.ts'

const DOCUMENT = openApiDocument('http://127.0.0.1/institutions/x/api/v1')
const ROOT = 'matricula://openapi'

const OPERATIONS = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
)

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true })
ajvFormats.default(ajv)
ajv.addVocabulary(['openapi', 'info', 'servers', 'paths', 'security', 'components'])
ajv.addSchema({ $id: ROOT, ...DOCUMENT })

describe('the description of the REST endpoint', () => {
  let store: Store
  let api: Api
  before(async () => {
    store = await openSqlite({ path: temporaryFile('matricula.db') })
    api = apiOver(store, anInstitution())
  })
  after(async () => store[Symbol.asyncDispose]())

  it('is served without a token, under the address of the institution', async () => {
    const { status, body } = await api.get('/openapi.json')
    assert.equal(status, 200)
    const { servers, ...rest } = body as unknown as OpenApi
    assert.match(servers[0]?.url ?? '', /^http:\/\/127\.0\.0\.1\/institutions\/[^/]+\/api\/v1$/)
    assert.deepEqual({ ...rest, servers: DOCUMENT.servers }, JSON.parse(JSON.stringify(DOCUMENT)))
  })

  it('has the schemas that bodies are checked with', () => {
    const { properties } = DOCUMENT.components.schemas.UserInput as { properties: object }
    for (const { name } of FIELDS) assert.ok(Object.hasOwn(properties, name), name)
  })

  it('has the older names of every field, in bodies and in questions, and they are taken', async () => {
    const { properties } = DOCUMENT.components.schemas.UserInput as { properties: { [name: string]: { description: string } } }
    const parameters = DOCUMENT.paths['/users']?.get?.parameters ?? []
    const person = { email: 'ada@uni.example', first_name: 'Ada', last_name: 'King', account_type: 'Student' }
    for (const { name, aliases } of FIELDS) {
      const inQuestions = parameters.find((one) => one.name === name)?.description
      for (const alias of aliases) {
        for (const said of [properties[name]?.description, inQuestions]) assert.match(said ?? '', new RegExp(`\\b${alias}\\b`))
        assert.notEqual((await api.get(`/users?${alias}=1`)).body.problems?.[0]?.code, 'parameter_unknown', alias)
      }
    }
    const { body } = await api.post('/users', { mail: person.email, given_name: 'Ada', surname: 'King', user_type: 'student' })
    assert.deepEqual(body.user, { ...person, account_status: 'active' })
  })

  it('names every address that is served, and no other', async () => {
    for (const { path, method } of OPERATIONS) {
      const response = await api.request(path.replace('{id}', 'nobody'), { method: 'OPTIONS' })
      assert.equal(response.status, 405)
      assert.ok(response.headers.get('allow')?.split(', ').includes(method), `${method} ${path}`)
    }
    const served = new Set(
      api.app.routes.map(({ path }) => path.replace('/institutions/:institution/api/v1', '').replace(':id', '{id}')),
    )
    served.delete('/*')
    assert.deepEqual(served, new Set(OPERATIONS.map(({ path }) => path).filter((path) => path !== '/users/batch')))
  })

  for (const { method, path, operation } of OPERATIONS) {
    for (const [type, { examples = {} }] of Object.entries(operation.requestBody?.content ?? {})) {
      for (const { summary, value } of Object.values(examples)) {
        it(`has an example that is taken: ${method} ${path}, ${summary}`, async () => {
          const body = typeof value === 'string' ? value : JSON.stringify(value)
          const response = await api.request(path, { method, headers: { 'content-type': type }, body })
          assert.ok(response.ok)
          const told = await documented(operation, response)
          assert.doesNotMatch(told, /"outcome":"(invalid|conflict|failed)"/)
        })
      }
    }
  }

  describe('has every answer', () => {
    const anything = fc.oneof(
      fc.record(
        Object.fromEntries(
          FIELDS.map(({ name }) => [name, fc.oneof(fc.constantFrom('', null, '[[CLEAR]]', 1, true), fc.jsonValue())]),
        ),
        {
          requiredKeys: [],
        },
      ),
      fc.jsonValue(),
    )
    const aBody = fc.oneof(
      anything.map((value) => JSON.stringify(value)),
      fc.array(anything, { maxLength: 5 }).map((users) => JSON.stringify({ users })),
      fc.array(anything, { maxLength: 5 }).map((users) => users.map((user) => `${JSON.stringify(user)}\n`).join('')),
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 50 }),
    )
    const aType = fc.constantFrom(
      'application/json',
      'application/x-ndjson',
      'application/json; charset=utf-16',
      'text/plain',
      'x',
    )
    const aParameter = fc.tuple(
      fc.constantFrom('limit', 'cursor', 'changed_since', 'dry_run', 'bio', 'nope', ...FIELDS.map(({ name }) => name)),
      fc.oneof(
        fc.string(),
        fc.string({ unit: 'binary' }),
        fc.constantFrom('1', 'true', 'WyJ4Il0', '2026-01-01T00:00:00Z', '\u0000'),
      ),
    )
    const aQuery = fc
      .array(aParameter, { maxLength: 3 })
      .map((pairs) => new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value.toWellFormed()])))
    const anId = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('batch', '..', '%00', 'x'.repeat(300)))
    const aKey = fc.option(fc.string({ unit: 'grapheme-ascii' }), { nil: undefined })

    for (const { method, path, operation } of OPERATIONS) {
      it(`to whatever is sent: ${method} ${path}`, async () => {
        await fc.assert(
          fc.asyncProperty(aBody, aType, aQuery, anId, aKey, async (body, type, query, id, key) => {
            const headers = {
              'content-type': type,
              ...(key === undefined ? {} : { 'idempotency-key': key.replaceAll(/[^ -~]/g, '') }),
            }
            const address = path.replace('{id}', encodeURIComponent(id.toWellFormed()))
            const asked = query.size > 0 ? `${address}?${query}` : address
            const response = await api.request(asked, { method, headers, ...(method === 'POST' ? { body: body as string } : {}) })
            assert.ok(response.status < 500, `${response.status}`)
            // An id that is a path, or `batch`, is another address.
            if (['batch', '..', '.'].includes(id)) await response.body?.cancel()
            else await documented(operation, response)
          }),
          { numRuns: 150 },
        )
      })
    }
  })

  it('is shown as a page that needs nothing from outside', async () => {
    const response = await api.request('/docs')
    const page = await response.text()
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
    for (const { path, operation } of OPERATIONS) {
      assert.ok(page.includes(path), path)
      assert.ok(page.includes(`id="${operation.operationId}"`), operation.operationId)
    }
    for (const { name } of FIELDS) assert.ok(page.includes(name), name)
    assert.doesNotMatch(page, /<script|<link|<img|src=|@import|url\(/)
    for (const [, target = ''] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(page.includes(`id="${target}"`), target)
    assert.doesNotMatch(page, /\[object |undefined/)
  })
})

/** @returns the text of the answer, once it is known to be one that the description has */
async function documented(operation: Operation, response: Response): Promise<string> {
  const text = await response.text()
  const told = operation.responses[String(response.status)]
  assert.ok(told !== undefined, `${operation.operationId}: ${response.status} is not described: ${text}`)
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';')
  const media = told.content?.[type]
  assert.ok(media !== undefined, `${operation.operationId}: ${response.status} as ${type} is not described`)
  if (type === 'application/x-ndjson') {
    for (const line of text.split('\n').filter(Boolean)) assertValid({ $ref: '#/components/schemas/Result' }, JSON.parse(line))
  } else if (type !== 'text/html') assertValid(media.schema, JSON.parse(text))
  return text
}

function assertValid(schema: { readonly [keyword: string]: unknown }, value: unknown): void {
  const ref = typeof schema.$ref === 'string' ? { $ref: `${ROOT}${schema.$ref}` } : schema
  assert.ok(ajv.validate(ref, value), `${ajv.errorsText()}: ${JSON.stringify(value)}`)
}
