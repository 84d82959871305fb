/**
 * A process to be killed: writes without end, each document twice, and prints the id of each when it was answered.
 */
import { writeSync } from 'node:fs'
import { aDoc, anEvent, next } from '../contract/builders.ts'
import { openSqlite } from './sqlite.ts'

const [, , path = ''] = process.argv
const store = await openSqlite({ path })

async function writeWithoutEnd(): Promise<void> {
  for (;;) {
    const doc = aDoc('demo', { round: 0, search: { boundTo: ['scim'] } })
    const later = next(doc, { round: 1 })
    await store.write([{ collection: 'users', op: 'insert', doc, events: [anEvent('demo', { _id: `${doc._id}/0` })] }])
    await store.write([
      {
        collection: 'users',
        op: 'replace',
        doc: later,
        expected: doc.version,
        events: [anEvent('demo', { _id: `${doc._id}/1` })],
      },
    ])
    writeSync(1, `${doc._id}\n`)
  }
}

await Promise.all(Array.from({ length: 8 }, writeWithoutEnd))
