import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { freshCache } from './fresh-cache.ts'

type Answer = { readonly n: number }

/** A cache over a source whose answers, clock and failures the test sets. */
function aCache(options: { maxEntries?: number } = {}) {
  const state = { now: 0, asked: 0, answer: { n: 1 } as Answer | undefined, fails: false }
  const cache = freshCache<Answer>({
    load: async () => {
      state.asked++
      if (state.fails) throw new Error('the store is away')
      return state.answer
    },
    now: () => state.now,
    ...options,
  })
  return { state, cache }
}

const settle = () => new Promise((done) => setImmediate(done))

describe('the fresh cache', () => {
  it('answers at once, without a promise, what it has just learnt', async () => {
    const { state, cache } = aCache()
    await cache.get('a')
    assert.deepEqual(cache.get('a'), { n: 1 })
    assert.equal(state.asked, 1)
  })

  it('asks each time for what is unknown', async () => {
    const { state, cache } = aCache()
    state.answer = undefined
    assert.equal(await cache.get('a'), undefined)
    state.answer = { n: 2 }
    assert.deepEqual(await cache.get('a'), { n: 2 })
  })

  it('gives nothing older than its age', async () => {
    const { state, cache } = aCache()
    await cache.get('a')
    Object.assign(state, { now: 4000, answer: { n: 2 } })
    assert.deepEqual(await cache.get('a'), { n: 2 })
  })

  it('forgets what is gone, once it is old', async () => {
    const { state, cache } = aCache()
    await cache.get('a')
    Object.assign(state, { now: 4000, answer: undefined })
    assert.equal(await cache.get('a'), undefined)
  })

  it('renews an answer in use without making anybody wait', async () => {
    const { state, cache } = aCache()
    await cache.get('a')
    Object.assign(state, { now: 2000, answer: { n: 2 } })
    assert.deepEqual(cache.get('a'), { n: 1 })
    await settle()
    state.now = 5900
    assert.deepEqual(cache.get('a'), { n: 2 })
  })

  it('lives on with the old answer while a renewal fails, but not past its age', async () => {
    const { state, cache } = aCache()
    await cache.get('a')
    Object.assign(state, { now: 2000, fails: true })
    assert.deepEqual(cache.get('a'), { n: 1 })
    await settle()
    state.now = 4000
    await assert.rejects(async () => cache.get('a'), /the store is away/)
  })

  it('lets concurrent callers share one question', async () => {
    const { state, cache } = aCache()
    await Promise.all([cache.get('a'), cache.get('a'), cache.get('a')])
    assert.equal(state.asked, 1)
  })

  it('does not remember an answer that was under way when it was told to forget', async () => {
    const { state, cache } = aCache()
    const early = cache.get('a')
    cache.forget('a')
    state.answer = { n: 2 }
    await early
    assert.deepEqual(await cache.get('a'), { n: 2 })
  })

  it('holds no more than its number of entries', async () => {
    const { state, cache } = aCache({ maxEntries: 2 })
    for (const key of ['a', 'b', 'c']) await cache.get(key)
    await cache.get('a')
    assert.equal(state.asked, 4)
  })
})
