import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import type { Outcome } from '../directory/change.ts'
import type { User } from '../directory/user.ts'
import { Attendance } from './attendance.ts'
import { cellReader } from './cells.ts'
import { DEFAULT_LIMITS } from './limits.ts'

const KEYS = cellReader(
  ['netid', 'email'].map((field) => ({ heading: field, field })),
  DEFAULT_LIMITS,
)
const aUser = (_id: string, netid: string) => ({ _id, keys: { netid } }) as unknown as User

function attending(...rows: readonly (readonly [cells: readonly string[], outcome?: Outcome])[]): Attendance {
  const attendance = new Attendance(KEYS, anInstitution())
  for (const [index, [cells, outcome]] of rows.entries()) attendance.note({ number: index + 2, cells }, outcome)
  return attendance
}

describe('in a file', () => {
  const ada = aUser('1', 'ada1')
  const bob = aUser('2', 'bob1')
  const done = { kind: 'unchanged', user: ada, before: ada, matchedOn: 'email', changed: [], withheld: [] } as const

  it('is whom a row has found, and whom a refused row names, and nobody else', () => {
    const attendance = attending([['', 'a@uni.edu'], done], [['BOB1', 'not an address']])
    assert.deepEqual(
      [ada, bob, aUser('3', 'eve1')].map((user) => attendance.has(user)),
      [true, true, false],
    )
    assert.equal(attendance.fault, undefined)
  })

  it('is not who stands in no row at all', () => {
    assert.equal(attending().has(ada), false)
    assert.equal(attending([['ada1', ''], done]).has(aUser('3', 'ada1')), false)
  })

  for (const [why, cells] of [
    ['names nobody', ['', '']],
    ['names nobody but by an address that is none', ['', 'bob1@uni,edu']],
    ['has more cells than columns', ['bob1', '', 'x', 'y']],
  ] as const) {
    it(`nobody can be said to be missing while a refused row ${why}, and the first one is named`, () => {
      const attendance = attending([['ada1', ''], done], [cells], [cells])
      assert.match(attendance.fault ?? '', /^row 3 does not let see/)
    })
  }
})
