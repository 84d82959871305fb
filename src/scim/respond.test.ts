import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { flowingAnswer, mediaTypeFor } from './respond.ts'

describe('the type of an answer', () => {
  for (const [accept, type] of [
    [null, 'scim+json'],
    ['application/scim+json', 'scim+json'],
    ['application/json', 'json'],
    ['Application/JSON; charset=utf-8', 'json'],
    ['application/json, application/scim+json', 'scim+json'],
    ['application/json;q=0.9, application/scim+json;q=0.8', 'json'],
    ['application/scim+json;q=0, application/json;q=0.1', 'json'],
    ['application/json;q=0, */*', 'scim+json'],
    ['application/json, */*;q=0.1', 'json'],
    ['*/*', 'scim+json'],
    ['application/*', 'scim+json'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'scim+json'],
    ['text/csv', 'scim+json'],
    ['', 'scim+json'],
    ['application/json;q=x', 'json'],
  ] as const) {
    it(`is ${type} for ${accept}`, () => assert.equal(mediaTypeFor(accept), `application/${type}`))
  }
})

describe('an answer of any length', () => {
  async function* pieces(count: number, isBroken = false) {
    for (let piece = 0; piece < count; piece++) yield 'x'.repeat(1024)
    if (isBroken) throw new Error('the store is gone')
  }
  const answered = (count: number, isBroken = false, failed: (error: unknown) => void = () => {}) =>
    flowingAnswer(200, pieces(count, isBroken), 'application/json', { etag: '"1"' }, failed)

  for (const count of [0, 1, 64, 65, 500]) {
    it(`is whole, of ${count} kB`, async () => {
      const response = await answered(count)
      assert.equal((await response.text()).length, count * 1024)
      assert.deepEqual([response.headers.get('etag'), response.headers.get('content-type')], ['"1"', 'application/json'])
    })
  }

  it('is a failure when it fails before it began', async () => {
    await assert.rejects(answered(10, true), /the store is gone/)
  })

  it('breaks off when it fails behind its beginning, and says so to the log', async () => {
    const failures: unknown[] = []
    const response = await answered(100, true, (error) => failures.push(error))
    await assert.rejects(response.text(), /the store is gone/)
    assert.equal(failures.length, 1)
  })

  it('is not made further when nobody reads it', async () => {
    let made = 0
    async function* counted() {
      for (;;) yield 'x'.repeat(++made && 1024)
    }
    const response = await flowingAnswer(200, counted(), 'application/json', {}, () => {})
    await response.body?.cancel()
    const before = made
    await new Promise(setImmediate)
    assert.ok(made === before && made < 100, `${made} kB made`)
  })
})
