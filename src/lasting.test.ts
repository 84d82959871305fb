import assert from 'node:assert/strict'
import { readdirSync, readlinkSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { temporaryFolder } from '../test/temporary-folder.ts'
import { makeForGood } from './lasting.ts'

it('a file that is made stays as the first one made it, and its name is on the disk', {
  skip: process.platform !== 'linux' && 'sees by /proc what is synchronised',
}, async (t) => {
  await using folder = await temporaryFolder()
  await using any = await open(folder.path)
  const { sync } = Object.getPrototypeOf(any) as FileHandle
  const synced: string[] = []
  t.mock.method(Object.getPrototypeOf(any), 'sync', function synchronised(this: FileHandle) {
    synced.push(readlinkSync(`/proc/self/fd/${this.fd}`))
    return sync.call(this)
  })
  const path = join(folder.path, 'key')
  for (const content of ['first', 'second']) await makeForGood(path, content)
  assert.equal(await readFile(path, 'utf8'), 'first')
  assert.deepEqual(readdirSync(folder.path), ['key'])
  assert.ok(synced.includes(folder.path))
})
