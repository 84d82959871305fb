import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { SealError } from './seal.ts'
import { secretKeyFrom } from './secret-key.ts'

describe('the secret key', () => {
  let parent: string
  before(async () => {
    parent = await mkdtemp(join(tmpdir(), 'matricula-'))
  })
  after(() => rm(parent, { recursive: true }))
  const aFolder = () => mkdtemp(join(parent, 'data-'))

  it('is that of the environment, and then none is kept', async () => {
    const dataDir = await aFolder()
    assert.equal(await secretKeyFrom({ secretKey: 'sixteen letters!', dataDir }), 'sixteen letters!')
    assert.deepEqual(await readdir(dataDir), [])
  })

  it('is made once: 256 bits in base64, for its owner alone', async () => {
    const dataDir = join(await aFolder(), 'not', 'there')
    const key = await secretKeyFrom({ dataDir })
    assert.equal(Buffer.from(key, 'base64').length, 32)
    assert.equal(await secretKeyFrom({ dataDir }), key)
    assert.deepEqual(await readdir(dataDir), ['secret.key'])
    if (process.platform !== 'win32') assert.equal((await stat(join(dataDir, 'secret.key'))).mode & 0o777, 0o600)
  })

  it('is the same one for all that start at once', async () => {
    const dataDir = await aFolder()
    const from = JSON.stringify(new URL('secret-key.ts', import.meta.url))
    const script = `const { secretKeyFrom } = await import(${from})
      const keys = await Promise.all(Array.from({ length: 10 }, () => secretKeyFrom({ dataDir: process.argv[1] })))
      console.log(keys.join('\\n'))`
    const ran = await Promise.all(
      Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, dataDir])),
    )
    const keys = ran.flatMap(({ stdout }) => stdout.trim().split('\n'))
    assert.equal(keys.length, 40)
    assert.deepEqual([...new Set(keys)], [(await readFile(join(dataDir, 'secret.key'), 'utf8')).trim()])
    assert.deepEqual(await readdir(dataDir), ['secret.key'])
  })

  for (const [what, make, says] of [
    [
      'empty',
      (file: string) => writeFile(file, '\n'),
      /secret\.key should hold the key .* 0 characters: put the key back from a backup/,
    ],
    ['a folder', (file: string) => mkdir(file), /secret\.key cannot be read: it is a folder: put the key back from a backup/],
  ] as const)
    it(`is not made anew where the file is there and ${what}: what it sealed would be lost`, async () => {
      const dataDir = await aFolder()
      await make(join(dataDir, 'secret.key'))
      await assert.rejects(secretKeyFrom({ dataDir }), (error) => error instanceof SealError && says.test(error.message))
    })
})
