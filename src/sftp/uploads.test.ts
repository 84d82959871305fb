import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Institution } from '../directory/institution.ts'
import type { FilesPort } from './files-port.ts'
import type { Sender } from './uploads.ts'
import { Uploads } from './uploads.ts'

const SENDER: Sender = {
  institution: { _id: 'north', version: '1', name: 'North', created: 0, settings: {} } as Institution,
  by: { source: 'file' },
}
const NEW = { isNew: true, mayCreate: true, mustCreate: false, appends: false } as const

it('an upload that comes while the earlier file of its name is being renamed is kept', async () => {
  const root = await mkdtemp(join(tmpdir(), 'matricula-uploads-'))
  try {
    const at = (name: string) => join(root, name)
    const folders = {
      incoming: at('incoming'),
      aside: at('aside'),
      upload: at('upload'),
      reports: at('reports'),
      archive: at('archive'),
    }
    for (const folder of Object.values(folders)) await mkdir(folder)
    let meanwhile = async () => {}
    const files: FilesPort = {
      folders: async () => folders,
      nameFault: () => undefined,
      isTable: () => true,
      maxBytes: () => 1000,
      async complete(path, name) {
        await rename(path, join(folders.upload, name))
        if (name === 'renamed.csv') await meanwhile()
        return name
      },
      withdraw: (name) => rm(join(folders.upload, name), { force: true }),
      laidAside: async () => {},
      remark: async () => {},
    }
    const uploads = new Uploads(folders, files, () => {})
    const put = async () => {
      const upload = await uploads.open('people.csv', NEW, SENDER)
      await upload.write(0, [Buffer.from('people')])
      await uploads.finish(upload, SENDER)
    }
    await put()
    let again: Promise<void> | undefined
    meanwhile = async () => {
      let isDone = false
      again = put().finally(() => {
        isDone = true
      })
      // Time enough, if nothing holds it up.
      for (let turn = 0; turn < 1000 && !isDone; turn++) await nextTurn()
    }
    await uploads.rename('people.csv', 'renamed.csv', false, SENDER)
    await again
    assert.deepEqual((await readdir(folders.upload)).sort(), ['people.csv', 'renamed.csv'])
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})
