import assert from 'node:assert/strict'
import { readlinkSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { openFolders } from './folders.ts'
import { receive } from './receive.ts'

const PEOPLE = 'email,first_name,last_name,account_type\nana@uni.edu,Ana,Ode,Student\n'

it('a file is on the disk with its name, and the folders above it, before it is stored that it waits', {
  skip: process.platform !== 'linux' && 'sees by /proc what is synchronised',
}, async (t) => {
  const path = temporaryFile('roll.db')
  await using store = await openSqlite({ path })
  const done: string[] = []
  await using any = await open(path)
  const { sync } = Object.getPrototypeOf(any) as FileHandle
  t.mock.method(Object.getPrototypeOf(any), 'sync', function synced(this: FileHandle) {
    done.push(readlinkSync(`/proc/self/fd/${this.fd}`))
    return sync.call(this)
  })
  const { write } = store
  t.mock.method(store, 'write', (...args: Parameters<typeof write>) => {
    done.push('stored')
    return write.apply(store, args)
  })
  const institution = anInstitution()
  const folders = await openFolders(dirname(path), institution._id)
  const options = { store, institution, folders, by: { source: 'file' } } as const
  const received = await receive(Readable.from([Buffer.from(PEOPLE)]), 'people.csv', options)
  assert.equal(received.kind, 'waiting')
  const files = join(dirname(path), 'files')
  const part = done.splice(3, 1)
  assert.equal(dirname(part.join()), folders.incoming)
  assert.deepEqual(done, [join(files, institution._id), files, dirname(path), folders.upload, 'stored'])
})

it('of files that begin at once there are as many as may be', async () => {
  const path = temporaryFile('roll.db')
  await using store = await openSqlite({ path })
  const institution = anInstitution({ sftp: { quota: { files: 2 } } })
  const folders = await openFolders(dirname(path), institution._id)
  const options = { store, institution, folders, by: { source: 'file' }, hasQuota: true } as const
  const names = ['a', 'b', 'c', 'd', 'e']
  const all = await Promise.all(names.map((name) => receive(Readable.from([Buffer.from(PEOPLE)]), `${name}.csv`, options)))
  assert.deepEqual(all.map(({ kind }) => kind).sort(), ['full', 'full', 'full', 'waiting', 'waiting'])
})
