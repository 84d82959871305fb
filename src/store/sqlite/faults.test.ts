/** Faults that a test cannot bring about with a whole store: a full disk, a lock, a question that SQLite refuses. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { aDoc, inserts } from '../contract/builders.ts'
import { storeError } from './faults.ts'
import { openSqlite } from './sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'matricula-faults-'))
after(() => rmSync(folder, { recursive: true, force: true }))

describe('what SQLite reports', () => {
  for (const [why, provoke, fault, message] of [
    ['a full disk', fillUp, 'unusable', /SQLite store \/data\/roll.db: the disk is full: make room/],
    ['a full disk at its start', failInput, 'unusable', /has no room left/],
    ['a file that may only be read', writeReadOnly, 'unusable', /not writable: check the rights/],
    ['a question that is too deep', tooDeep, 'tooSlow', /the question is too large/],
  ] as const) {
    it(`becomes what to do about it: ${why}`, () => {
      const error = storeError('/data/roll.db', thrownBy(provoke))
      assert.equal(error.fault, fault)
      assert.match(error.message, message)
    })
  }

  it('fails the writes that another process keeps waiting, all at once and for now', async () => {
    const path = join(folder, 'locked.db')
    await using store = await openSqlite({ path, busyMs: 50 })
    const other = new DatabaseSync(path)
    other.exec('begin immediate')
    const calls = await Promise.allSettled([1, 2, 3, 4].map(() => store.write(inserts([aDoc('demo')]))))
    for (const call of calls) {
      assert.equal(call.status, 'rejected')
      assert.match(String(call.reason), /StoreError: .*another process keeps it locked: end that one/)
      assert.equal(call.reason.fault, 'unavailable')
    }
    other.exec('rollback')
    other.close()
    assert.deepEqual(await store.write(inserts([aDoc('demo')])), [{ kind: 'ok' }])
  })
})

function fillUp(db: DatabaseSync): void {
  db.exec('pragma max_page_count = 3')
  db.prepare('insert into t values (?)').run('x'.repeat(100_000))
}

function writeReadOnly(db: DatabaseSync): void {
  db.exec('pragma query_only = 1')
  db.exec("insert into t values ('x')")
}

function tooDeep(db: DatabaseSync): void {
  db.prepare(`select 1 where ${'not '.repeat(2000)} 1`)
}

function thrownBy(provoke: (db: DatabaseSync) => void): unknown {
  const db = new DatabaseSync(':memory:')
  db.exec('create table t (x)')
  try {
    provoke(db)
  } catch (error) {
    return error
  } finally {
    db.close()
  }
  throw new Error('nothing was thrown')
}

/** SQLITE_IOERR_SHMSIZE: the file that processes share cannot grow. */
function failInput(): void {
  throw Object.assign(new Error('disk I/O error'), { errcode: 4874 })
}
