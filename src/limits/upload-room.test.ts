import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { appendFile, mkdir, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { UploadRoom } from './upload-room.ts'
import { uploadRoom } from './upload-room.ts'

describe('the room for uploads', () => {
  const root = mkdtempSync(join(tmpdir(), 'matricula-room-'))
  after(() => rmSync(root, { recursive: true }))

  it('is one for all ways in that share the folders', async () => {
    const { put, room, again } = await aRoom()
    assert.deepEqual(
      [await put(room, 'a', 60), await put(again, 'b', 60), await put(room, 'b', 40)],
      [undefined, 'full', undefined],
    )
  })

  it('is taken before anything is written', async () => {
    const { put, room } = await aRoom()
    const all = await Promise.all(['a', 'b', 'c', 'd'].map((name) => put(room, name, 40)))
    assert.deepEqual(all.map(String).sort(), ['full', 'full', 'undefined', 'undefined'])
  })

  it('stays taken by what is not written yet when somebody looks', async () => {
    const { put, room } = await aRoom()
    const written = Promise.withResolvers<void>()
    const slow = room.grow(60, 100, () => written.promise)
    await room.look()
    assert.equal(await put(room, 'b', 60), 'full')
    written.resolve()
    await slow
  })

  it('is there again when what took it is gone', async () => {
    const { put, room, folders } = await aRoom()
    await put(room, 'a', 100)
    assert.equal(await put(room, 'b', 1), 'full')
    rmSync(join(folders.upload, 'a'))
    assert.equal(await put(room, 'b', 100), undefined)
  })

  it('of what many make smaller at once is given back once', async () => {
    const { put, room, folders } = await aRoom()
    await put(room, 'a', 100)
    const cut = () => room.grow(-100, 100, () => truncate(join(folders.upload, 'a')))
    await Promise.all([cut(), cut(), cut()])
    assert.equal(await put(room, 'b', 100), undefined)
    assert.equal(await put(room, 'c', 100), 'full')
  })

  let made = 0
  async function aRoom() {
    const at = (name: string) => join(root, `${made}`, name)
    const folders = { incoming: at('incoming'), aside: at('aside'), upload: at('upload') }
    for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true })
    made++
    return {
      folders,
      room: uploadRoom(folders),
      again: uploadRoom({ ...folders }),
      put: (room: UploadRoom, name: string, bytes: number) =>
        room.grow(bytes, 100, () => appendFile(join(folders.upload, name), 'x'.repeat(bytes))),
    }
  }
})
