import assert from 'node:assert/strict'
import { rmSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { it } from 'node:test'
import { temporaryFile } from '../../test/stores.ts'
import { sealWith } from '../auth/seal.ts'
import { configFrom } from '../config.ts'
import { DAY_MS } from '../days.ts'
import { createInstitution } from '../directory/institution-changes.ts'
import { openFolders } from '../flatfile/folders.ts'
import { receive } from '../flatfile/receive.ts'
import { openLog } from '../observe/log.ts'
import { pickUpKeys } from '../sftp/pick-up-keys.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { openServer } from './server.ts'

it('warns of a file that its daily run could not use', { timeout: 60_000 }, async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const path = temporaryFile('matricula.db')
  const dataDir = dirname(path)
  const by = { source: 'admin' } as const
  {
    await using store = await openSqlite({ path })
    const now = Date.now() - 2 * DAY_MS
    const made = await createInstitution(store, { id: 'north', name: 'North', settings: {}, by, now })
    assert.equal(made.kind, 'created')
    const folders = await openFolders(dataDir, 'north')
    await receive(Readable.from([Buffer.from('no,header\n')]), 'a.csv', { store, institution: made.institution, folders, by })
  }
  const { promise: warned, resolve } = Promise.withResolvers<{ readonly [name: string]: unknown }>()
  const log = openLog('warn', { write: (line) => resolve(JSON.parse(line)) })
  await using _ = await openServer(configFrom({ DATA_DIR: dataDir, PORT: '0', SFTP_PORT: '0' }), log)
  t.mock.timers.tick(60_000)
  const { msg, institution, result } = await warned
  assert.deepEqual({ msg, institution, result }, { msg: 'file run', institution: 'north', result: 'rejected' })
})

it('says at its start which secrets were sealed under another SECRET_KEY', async () => {
  const path = temporaryFile('matricula.db')
  const started = async (key: string) => {
    const lines: string[] = []
    const config = configFrom({ DATA_DIR: dirname(path), SECRET_KEY: key, PORT: '0', SFTP_PORT: '0' })
    await using server = await openServer(config, openLog('error', { write: (line) => void lines.push(line) }))
    await createInstitution(server.store, { id: 'north', name: 'North', settings: {}, by: { source: 'admin' }, now: Date.now() })
    await pickUpKeys(server.store, sealWith('a key for tests alone'), 'north')
    return lines.map((line) => JSON.parse(line)).map(({ msg, institution, secrets }) => ({ msg, institution, secrets }))
  }
  assert.deepEqual(await started('a key for tests alone'), [])
  assert.deepEqual(await started('a key for tests alone'), [])
  assert.deepEqual(await started('another key for tests'), [
    { msg: 'secrets were sealed under another SECRET_KEY', institution: 'north', secrets: ['pick-ups'] },
  ])
})

it('warns of a new database where there was one before', async () => {
  const path = temporaryFile('matricula.db')
  const started = async () => {
    const lines: string[] = []
    const config = configFrom({ DATA_DIR: dirname(path), PORT: '0', SFTP_PORT: '0' })
    await using _ = await openServer(config, openLog('warn', { write: (line) => void lines.push(JSON.parse(line).msg) }))
    return lines
  }
  assert.deepEqual(await started(), [])
  assert.deepEqual(await started(), [])
  for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
  truncateSync(path)
  assert.deepEqual(await started(), ['a new database was made, although DATA_DIR was in use'])
})
