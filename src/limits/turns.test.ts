import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { setImmediate as settled } from 'node:timers/promises'
import { Turns } from './turns.ts'

const KIB = 1024
/** The longest that is read. */
const MAX_BYTES = 100 * KIB

/** What is done, in its order, each until it is told to end. */
function aHall({ longest = 2, ...bounds } = {} as { longest?: number; maxWaiting?: number }) {
  const turns = new Turns({ ...bounds, roomBytes: longest * MAX_BYTES })
  const begun: string[] = []
  const ends = new Map<string, PromiseWithResolvers<void>>()
  const come = (
    name: string,
    { institution = 'north', bytes = MAX_BYTES as number | undefined, signal = undefined as AbortSignal | undefined } = {},
  ) => {
    const request = new Request('http://a', {
      method: 'POST',
      ...(bytes !== undefined && { headers: { 'content-length': String(bytes) } }),
      ...(signal && { signal }),
    })
    const end = Promise.withResolvers<void>()
    ends.set(name, end)
    return turns.take(institution, { request, maxBytes: MAX_BYTES }, async () => {
      begun.push(name)
      await end.promise
      return name
    })
  }
  const end = async (name: string) => {
    ends.get(name)?.resolve()
    await settled()
  }
  return { begun, come, end, fail: (name: string, error: Error) => ends.get(name)?.reject(error) }
}

describe('turns', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
  afterEach(() => mock.timers.reset())

  it('are a few at a time, in the order in which they were asked for', async () => {
    const { begun, come, end } = aHall()
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => come(name))
    assert.deepEqual(begun, ['a', 'b'])
    await end('b')
    assert.deepEqual(begun, ['a', 'b', 'c'])
    await end('c')
    await end('a')
    assert.deepEqual(begun, ['a', 'b', 'c', 'd', 'e'])
    for (const name of ['d', 'e']) await end(name)
    assert.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd', 'e'])
  })

  it('are as many as there is room for, by the length of the bodies, and nobody is overtaken', async () => {
    const { begun, come, end } = aHall()
    void come('a')
    for (const name of ['b', 'c', 'd']) void come(name, { bytes: 30 * KIB })
    void come('e')
    void come('f', { bytes: 20 * KIB })
    assert.deepEqual(begun, ['a', 'b', 'c', 'd'])
    await end('b')
    assert.deepEqual(begun, ['a', 'b', 'c', 'd'])
    await end('a')
    assert.deepEqual(begun, ['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('are given to those behind when the one who stood in their way has left', async () => {
    const { begun, come } = aHall()
    const here = new AbortController()
    void come('a')
    void come('b', { bytes: 50 * KIB })
    const leaving = come('c', { signal: here.signal })
    void come('d', { bytes: 50 * KIB })
    here.abort('gone')
    await assert.rejects(leaving)
    assert.deepEqual(begun, ['a', 'b', 'd'])
  })

  it('of one institution do not wait for those of another', () => {
    const { begun, come } = aHall()
    for (const name of ['a', 'b', 'c']) void come(name)
    void come('x', { institution: 'south' })
    assert.deepEqual(begun, ['a', 'b', 'x'])
  })

  for (const [why, bytes, waits] of [
    ['are not needed for a small body', 16 * KIB, false],
    ['are needed for a larger one', 16 * KIB + 1, true],
    ['are needed for a body that does not say how long it is', undefined, true],
    ['are not needed for a body that is too long to be read', MAX_BYTES + 1, false],
  ] as const) {
    it(why, () => {
      const { begun, come } = aHall()
      for (const name of ['a', 'b']) void come(name)
      void come('c', { bytes })
      assert.deepEqual(begun, waits ? ['a', 'b'] : ['a', 'b', 'c'])
    })
  }

  it('are passed on by what fails', async () => {
    const { begun, come, fail } = aHall()
    const failing = come('a')
    for (const name of ['b', 'c']) void come(name)
    fail('a', new Error('it broke'))
    await assert.rejects(failing, /it broke/)
    await settled()
    assert.deepEqual(begun, ['a', 'b', 'c'])
  })

  it('are waited for a minute; then the request is told so, with nothing done', async () => {
    const { begun, come, end } = aHall()
    for (const name of ['a', 'b']) void come(name)
    const late = come('c')
    mock.timers.tick(59_999)
    const next = come('d')
    mock.timers.tick(1)
    await end('a')
    assert.equal(await late, 'late')
    await end('d')
    assert.equal(await next, 'd')
    assert.deepEqual(begun, ['a', 'b', 'd'])
  })

  it('are waited for by so many; one more is told so at once', async () => {
    const { begun, come, end } = aHall({ longest: 1, maxWaiting: 2 })
    for (const name of ['a', 'b', 'c']) void come(name)
    assert.equal(await come('d'), 'late')
    await end('a')
    void come('e')
    for (const name of ['b', 'c']) await end(name)
    assert.deepEqual(begun, ['a', 'b', 'c', 'e'])
  })

  it('are not kept for whoever goes away', async () => {
    const { begun, come, end } = aHall()
    const [here, gone] = [new AbortController(), AbortSignal.abort('gone before')]
    for (const name of ['a', 'b']) void come(name)
    const leaving = come('c', { signal: here.signal })
    const never = come('d', { signal: gone })
    void come('e')
    here.abort('gone now')
    await assert.rejects(leaving, (reason) => reason === 'gone now')
    await assert.rejects(never, (reason) => reason === 'gone before')
    await end('a')
    assert.deepEqual(begun, ['a', 'b', 'e'])
  })

  it('are all free again when all is done, whoever was late or went away', async () => {
    const { begun, come, end } = aHall()
    const here = new AbortController()
    for (const name of ['a', 'b']) void come(name)
    const leaving = come('c', { signal: here.signal })
    const late = come('d')
    here.abort('gone')
    mock.timers.tick(60_000)
    await assert.rejects(leaving)
    assert.equal(await late, 'late')
    for (const name of ['a', 'b']) await end(name)
    for (const name of ['e', 'f', 'g']) void come(name)
    assert.deepEqual(begun, ['a', 'b', 'e', 'f'])
  })
})
