import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Seats } from './seats.ts'

function someone(isBusy = false) {
  return {
    out: false,
    isIdle: () => !isBusy,
    onOut() {
      this.out = true
    },
  }
}

describe('seats', () => {
  it('put out whoever has sat idle longest in the fullest group', () => {
    const seats = new Seats({ total: 3, perGroup: 3 })
    const [first, second, other, late] = [someone(), someone(), someone(), someone()]
    seats.take('a', first)
    seats.take('a', second)
    seats.take('b', other)
    assert.ok(seats.take('c', late))
    assert.deepEqual([first.out, second.out, other.out, seats.count], [true, false, false, 3])
  })

  it('keep those who do something', () => {
    const seats = new Seats({ total: 2, perGroup: 2 })
    const [first, second] = [someone(), someone()]
    const seat = seats.take('a', first)
    seats.take('a', second)
    seat?.touch()
    seats.take('a', someone())
    assert.deepEqual([first.out, second.out], [false, true])
  })

  it('let nobody in when all are busy', () => {
    const seats = new Seats({ total: 2, perGroup: 1 })
    assert.ok(seats.take('a', someone(true)))
    assert.equal(seats.take('a', someone()), undefined)
    assert.ok(seats.take('b', someone(true)))
    assert.equal(seats.take('c', someone()), undefined)
  })

  it('bound each group, whatever room there is', () => {
    const seats = new Seats({ total: 10, perGroup: 1 })
    const first = someone()
    seats.take('a', first)
    seats.take('a', someone())
    assert.deepEqual([first.out, seats.count], [true, 1])
  })

  it('are free again when they are left, once', () => {
    const seats = new Seats({ total: 1, perGroup: 1 })
    const seat = seats.take('a', someone(true))
    seat?.leave()
    seat?.leave()
    assert.equal(seats.count, 0)
    assert.ok(seats.take('b', someone(true)))
  })
})
