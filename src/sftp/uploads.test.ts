import assert from 'node:assert/strict'
import promises, { mkdir, mkdtemp, open as openFile, readdir, rename, rm } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Institution } from '../directory/institution.ts'
import { Box } from './box.ts'
import type { FilesPort } from './files-port.ts'
import type { Ended, Sender } from './uploads.ts'
import { Uploads } from './uploads.ts'

const SENDER: Sender = {
  institution: { _id: 'north', version: '1', name: 'North', created: 0, settings: {} } as Institution,
  by: { source: 'file' },
}
const NEW = { isNew: true, mayCreate: true, mustCreate: false, appends: false } as const

describe('an upload', () => {
  it('that comes while the earlier file of its name is being renamed is kept', async () => {
    let again: Promise<void> | undefined
    await using test = await open(async (name) => {
      if (name !== 'renamed.csv') return
      let isDone = false
      again = test.put().finally(() => {
        isDone = true
      })
      // Time enough, if nothing holds it up.
      for (let turn = 0; turn < 1000 && !isDone; turn++) await nextTurn()
    })
    await test.put()
    await test.uploads.rename('people.csv', 'renamed.csv', false, SENDER)
    await again
    assert.deepEqual(await test.complete(), ['people.csv', 'renamed.csv'])
  })

  it('of which it could not be stored that it waits says so, and not that another one took its place', async () => {
    const failure = new Error('the store cannot be reached')
    await using test = await open(() => Promise.reject(failure))
    await assert.rejects(test.put(), failure)
    assert.deepEqual(
      test.ended.map((one) => 'reason' in one && one.reason),
      ['failed'],
    )
  })

  it('that is cut off while it is written takes as much room as it has', async () => {
    await using test = await open(async () => {})
    const sender = { ...SENDER, institution: { ...SENDER.institution, settings: { sftp: { quota: { bytes: 100 } } } } }
    const upload = await test.uploads.open('a.csv', NEW, sender)
    await upload.write(0, [Buffer.alloc(100)])
    await Promise.all([upload.resize(0), upload.write(0, [Buffer.alloc(1)])])
    const other = await test.uploads.open('b.csv', NEW, sender)
    await upload.write(0, [Buffer.alloc(100)])
    await assert.rejects(other.write(0, [Buffer.alloc(99)]), /no more room/)
    await Promise.all([upload.close(), other.close().catch(() => {})])
  })

  it('is listed after one look at all of them, however many are asked for at once', async (t) => {
    await using test = await open(async () => {})
    const names = ['a.csv', 'b.csv', 'c.csv']
    for (const name of names) await test.uploads.interrupt(await test.uploads.open(name, NEW, SENDER), SENDER)
    const looks = t.mock.method(promises, 'readdir')
    syncBuiltinESMExports()
    const entries = await test.box.entries({ kind: 'folder', folder: 'upload' }, names)
    looks.mock.restore()
    syncBuiltinESMExports()
    assert.deepEqual([entries.map(({ name }) => name), looks.mock.callCount()], [names, 1])
  })

  it('that the disk had no room for says so', async (t) => {
    await using test = await open(async () => {})
    await using any = await openFile('/dev/null')
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'write' })
    t.mock.method(Object.getPrototypeOf(any), 'writev', () => Promise.reject(full))
    await assert.rejects(test.put(), /the disk of the server is full/)
    assert.deepEqual(
      test.ended.map((one) => 'reason' in one && one.reason),
      ['disk_full'],
    )
  })
})

/** @param onComplete called when a complete file lies where it waits */
async function open(onComplete: (name: string) => Promise<void>) {
  const root = await mkdtemp(join(tmpdir(), 'matricula-uploads-'))
  const at = (name: string) => join(root, name)
  const folders = {
    incoming: at('incoming'),
    aside: at('aside'),
    upload: at('upload'),
    reports: at('reports'),
    archive: at('archive'),
  }
  for (const folder of Object.values(folders)) await mkdir(folder)
  const files: FilesPort = {
    folders: async () => folders,
    nameFault: () => undefined,
    isTable: () => true,
    maxBytes: () => 1000,
    async complete(path, name) {
      await rename(path, join(folders.upload, name))
      await onComplete(name)
      return name
    },
    withdraw: (name) => rm(join(folders.upload, name), { force: true }),
    laidAside: async () => {},
    remark: async () => {},
  }
  const ended: Ended[] = []
  const uploads = new Uploads(folders, files, (one) => ended.push(one))
  return {
    uploads,
    box: new Box(folders, uploads),
    ended,
    async put() {
      const upload = await uploads.open('people.csv', NEW, SENDER)
      await upload.write(0, [Buffer.from('people')]).catch(() => {})
      await uploads.finish(upload, SENDER)
    },
    complete: async () => (await readdir(folders.upload)).sort(),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}
