import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { aChange, anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { apply } from './apply.ts'
import type { Change, Outcome } from './change.ts'
import { Rehearsal } from './rehearsal.ts'
import { SLICE } from './slice.ts'
import type { User } from './user.ts'

const key = fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined })
const person = fc
  .record({ netid: key, netid2: key, email: key, title: fc.constantFrom('a', 'b'), last: fc.constantFrom('Ode', 'Lee') })
  .filter(({ netid, netid2, email }) => netid !== undefined || netid2 !== undefined || email !== undefined)

describe('a rehearsal', () => {
  it('tells of a list in pieces what comes true when it is done, whoever occurs how often', async () => {
    await using store = await openSqlite({ path: temporaryFile('matricula.db') })
    const runs = fc.asyncProperty(
      fc.array(person, { maxLength: 4 }),
      fc.array(person, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 7 }),
      async (before, people, size) => {
        const institution = anInstitution()
        await apply(store, institution, before.map(changeOf))
        const changes = people.map(changeOf)
        const rehearsal = new Rehearsal({ store, institution, now: Date.now, lastAsked: (name) => lastAsked(changes, name) })
        const told: Outcome[] = []
        for (let from = 0; from < changes.length; from += size)
          told.push(...(await rehearsal.plan(changes.slice(from, from + size))))
        const done: Outcome[] = []
        for (const change of changes) done.push(...(await apply(store, institution, [change])))
        assert.deepEqual(told.map(inShort), done.map(inShort))
      },
    )
    await fc.assert(runs, { numRuns: 60 })
  })

  it('knows which records exist only in it', async () => {
    await using store = await openSqlite({ path: temporaryFile('matricula.db') })
    const institution = anInstitution()
    await apply(store, institution, [aChange({ netid: 'a1' })])
    const changes = [aChange({ netid: 'a1', title: 'x' }, { row: 2 }), aChange({ netid: 'b1' }, { row: 3 })]
    const rehearsal = new Rehearsal({ store, institution, now: Date.now, lastAsked: () => 9 })
    const [known, made] = await rehearsal.plan(changes)
    assert.ok(known?.kind === 'updated' && made?.kind === 'created')
    assert.deepEqual(
      [known.user._id, made.user._id].map((id) => rehearsal.isNew(id)),
      [false, true],
    )
    const [again] = await rehearsal.plan([aChange({ netid: 'b1' }, { row: 4 })])
    assert.ok(again?.kind === 'unchanged' && again.user._id === made.user._id)
    assert.ok(rehearsal.isNew(again.user._id))
  })

  it('remembers nobody whom the rest of the list does not ask for, so that a long list needs little memory', async () => {
    await using store = await openSqlite({ path: temporaryFile('matricula.db') })
    const institution = anInstitution()
    const list = Array.from({ length: 4 * SLICE }, (_, n) => aChange({ netid: `n${n}` }, { row: n }))
    const lastAsked = (name: string) => Math.min(Number(name.replace(/^netid:n/, '')) + 30, 2 * SLICE) || 0
    const rehearsal = new Rehearsal({ store, institution, now: Date.now, lastAsked })
    for (let from = 0; from < list.length; from += 40) await rehearsal.plan(list.slice(from, from + 40))
    const again = await rehearsal.plan(list.map(({ row: _, ...change }) => change))
    assert.deepEqual(new Set(again.map(({ kind }) => kind)), new Set(['created']))
  })
})

function changeOf({ netid, netid2, email, title, last }: Person, index: number): Change {
  const sent = {
    ...(netid !== undefined && { netid: `n${netid}` }),
    ...(netid2 !== undefined && { netid2: `m${netid2}` }),
    ...(email !== undefined && { email: `e${email}@uni.edu` }),
  }
  return aChange({ ...sent, first: 'Ana', last, title }, { row: index + 2 })
}

type Person = {
  readonly netid?: number | undefined
  readonly netid2?: number | undefined
  readonly email?: number | undefined
  readonly title: string
  readonly last: string
}

function lastAsked(changes: readonly Change[], name: string): number {
  const asked = name.replace(/^userName:/, 'email:')
  const last = changes.findLast(
    ({ target }) => 'keys' in target && Object.entries(target.keys).some(([one, value]) => `${one}:${value}` === asked),
  )
  return last?.row ?? 0
}

/** Ids differ between the rehearsal and what is done. */
function inShort(outcome: Outcome): unknown {
  switch (outcome.kind) {
    case 'created':
    case 'updated':
    case 'unchanged':
      return [outcome.kind, outcome.matchedOn, { ...outcome.user.resource, ...keysOf(outcome.user) }]
    case 'conflict':
      return [outcome.kind, outcome.code, outcome.key, outcome.records.length]
    default:
      return [outcome.kind]
  }
}

/** A person without an e-mail is called by the id. */
function keysOf({ _id, keys }: User): object {
  return { ...keys, userName: keys.userName === _id ? 'the id' : keys.userName }
}
