import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sideBySide } from './side-by-side.ts'

/** Work that ends when it is told to. */
function workshop() {
  const begun: number[] = []
  const ended: number[] = []
  const gates = Array.from({ length: 30 }, () => Promise.withResolvers<void>())
  return {
    begun,
    ended,
    numbers: gates.map((_, number) => number),
    let: (number: number, error?: Error) => (error ? gates[number]?.reject(error) : gates[number]?.resolve()),
    work: async (number: number) => {
      begun.push(number)
      await gates[number]?.promise.finally(() => ended.push(number))
      return number
    },
  }
}

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const result of results) found.push(result)
  return found
}

describe('work side by side', () => {
  it('is begun ten at a time, and told in the order of the items', async () => {
    const shop = workshop()
    const results = sideBySide(shop.numbers, shop.work)
    const first = results.next()
    for (const number of [3, 2, 1]) shop.let(number)
    await new Promise(setImmediate)
    assert.deepEqual(shop.begun, shop.numbers.slice(0, 10))
    for (const number of shop.numbers) shop.let(number)
    assert.equal((await first).value, 0)
    assert.deepEqual(await all(results), shop.numbers.slice(1))
  })

  it('tells of a failure when nothing is under way any more', async () => {
    const shop = workshop()
    const told = all(sideBySide(shop.numbers, shop.work))
    shop.let(0, new Error('no'))
    await new Promise(setImmediate)
    for (const number of shop.numbers) shop.let(number)
    await assert.rejects(told, /no/)
    assert.equal(shop.ended.length, 10)
  })
})
