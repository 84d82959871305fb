import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { USER } from './schema.ts'
import type { User } from './user.ts'
import { wavesOf } from './waves.ts'
import type { Entry } from './working-set.ts'

function aUser(id: string, keys: Record<string, string>, version = 'old'): User {
  return {
    _id: id,
    institution: 'uni',
    version,
    keys,
    resource: {},
    bindings: [],
    memberOf: [],
    provenance: [],
    created: 0,
    lastModified: 0,
  }
}

function anEntry(id: string, before: Record<string, string> | undefined, after: Record<string, string>): Entry {
  return { stored: before === undefined ? undefined : aUser(id, before), next: aUser(id, after, 'new'), events: [] }
}

const ids = (entries: Entry[]) => wavesOf(entries, 0, USER).map((wave) => wave.map(({ id }) => id).sort())

describe('waves of writes', () => {
  it('are one when no key goes from one person to another', () => {
    assert.deepEqual(ids([anEntry('a', undefined, { netid: '1' }), anEntry('b', { netid: '2' }, { netid: '2', email: 'x' })]), [
      ['a', 'b'],
    ])
  })

  it('write who frees a key before who takes it', () => {
    const entries = [
      anEntry('c', undefined, { netid: '2' }),
      anEntry('b', { netid: '2' }, { netid: '1' }),
      anEntry('a', { netid: '1' }, {}),
    ]
    assert.deepEqual(ids(entries), [['a'], ['b'], ['c']])
  })

  it('clear a record of the circle first, not one that waits for the circle', () => {
    const entries = [
      anEntry('waiting', { netid: '9' }, { netid: '9', email: 'x' }),
      anEntry('a', { netid: '1', email: 'x' }, { netid: '2' }),
      anEntry('b', { netid: '2' }, { netid: '1' }),
    ]
    assert.deepEqual(ids(entries), [['a'], ['b', 'waiting'], ['a']])
  })

  it('clear one key first where keys go round in a circle, and write each record once more in full', () => {
    const waves = wavesOf(
      [anEntry('a', { netid: '1', email: 'x' }, { netid: '2', email: 'x' }), anEntry('b', { netid: '2' }, { netid: '1' })],
      0,
      USER,
    )
    const writes = waves.flat().map(({ write }) => write)
    assert.equal(writes.length, 3)
    const [cleared, , last] = writes
    assert.ok(cleared?.op === 'replace' && last?.op === 'replace')
    assert.deepEqual(cleared.doc.keys, { email: 'x' })
    assert.deepEqual(cleared.doc.search, { active: true }, 'filters find it meanwhile')
    assert.equal(cleared.events, undefined)
    assert.equal(last.expected, cleared.doc.version)
  })
})
