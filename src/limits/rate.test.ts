import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { rateLimiter } from './rate.ts'

function aLimiter() {
  const clock = { now: 1_000_000 }
  return { clock, limiter: rateLimiter(() => clock.now) }
}

describe('the rate limit', () => {
  it('lets a second’s worth through at once, then says when to come again', () => {
    const { limiter } = aLimiter()
    for (let i = 0; i < 5; i++) assert.equal(limiter.take('a', 5), 0)
    assert.equal(limiter.take('a', 5), 1)
  })

  it('fills again with time, no further than one second’s worth', () => {
    const { clock, limiter } = aLimiter()
    for (let i = 0; i < 5; i++) limiter.take('a', 5)
    clock.now += 200
    assert.equal(limiter.take('a', 5), 0)
    assert.equal(limiter.take('a', 5), 1)
    clock.now += 60_000
    for (let i = 0; i < 5; i++) assert.equal(limiter.take('a', 5), 0)
    assert.equal(limiter.take('a', 5), 1)
  })

  it('holds the worth of as many seconds as it is told', () => {
    const { clock, limiter } = aLimiter()
    for (let i = 0; i < 60; i++) assert.equal(limiter.take('a', 1, 60), 0)
    assert.equal(limiter.take('a', 1, 60), 1)
    clock.now += 1000
    assert.equal(limiter.take('a', 1, 60), 0)
    assert.equal(limiter.take('a', 1, 60), 1)
  })

  it('counts each caller alone', () => {
    const { limiter } = aLimiter()
    limiter.take('a', 1)
    assert.equal(limiter.take('a', 1), 1)
    assert.equal(limiter.take('b', 1), 0)
  })

  it('has no limit at 0', () => {
    const { limiter } = aLimiter()
    for (let i = 0; i < 1000; i++) assert.equal(limiter.take('a', 0), 0)
  })

  it('knows rates below one a second, and a caller who waits as told gets in', () => {
    const { clock, limiter } = aLimiter()
    assert.equal(limiter.take('a', 0.1), 0)
    const wait = limiter.take('a', 0.1)
    assert.equal(wait, 10)
    clock.now += wait * 1000
    assert.equal(limiter.take('a', 0.1), 0)
  })

  it('takes up a new rate at once', () => {
    const { clock, limiter } = aLimiter()
    assert.equal(limiter.take('a', 0.1), 0)
    assert.equal(limiter.take('a', 0.1), 10)
    assert.equal(limiter.take('a', 0), 0)
    assert.equal(limiter.take('a', 100), 1)
    clock.now += 10
    assert.equal(limiter.take('a', 100), 0)
  })

  it('never lets more through than the rate and one second’s worth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(300), { maxLength: 300 }), (perSecond, pauses) => {
        const { clock, limiter } = aLimiter()
        const start = clock.now
        let passed = 0
        for (const pause of pauses) {
          clock.now += pause
          if (limiter.take('a', perSecond) === 0) passed++
        }
        assert.ok(passed <= perSecond + ((clock.now - start) / 1000) * perSecond + 1e-6)
      }),
    )
  })
})
