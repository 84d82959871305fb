import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../test/temporary-folder.ts'
import { KeptFileError } from '../file-errors.ts'
import { beginRotation, finishRotation, openHostKeys } from './host-keys.ts'

const fingerprints = (keys: readonly { readonly fingerprint: string }[]) => keys.map(({ fingerprint }) => fingerprint)

describe('host keys', () => {
  it('are made once, whoever opens them first, and are readable by their owner alone', async () => {
    await using folder = await temporaryFolder()
    const opened = await Promise.all(Array.from({ length: 4 }, () => openHostKeys(folder.path)))
    for (const { current } of opened) assert.deepEqual(fingerprints(current), fingerprints(opened[0]?.current ?? []))
    assert.deepEqual(
      opened[0]?.current.map(({ type }) => type),
      ['ssh-ed25519', 'ssh-rsa'],
    )
    const files = readdirSync(join(folder.path, 'sftp'))
    assert.deepEqual(files.sort(), ['host_ed25519', 'host_rsa'])
    for (const file of files) assert.equal(statSync(join(folder.path, 'sftp', file)).mode & 0o777, 0o600)
    assert.equal(statSync(join(folder.path, 'sftp')).mode & 0o777, 0o700)
  })

  it('are rotated in two steps: the next ones beside them, then in their place', async () => {
    await using folder = await temporaryFolder()
    const first = await openHostKeys(folder.path)
    assert.equal(await finishRotation(folder.path), undefined)
    const begun = await beginRotation(folder.path)
    assert.deepEqual(fingerprints(begun.current), fingerprints(first.current))
    assert.deepEqual(fingerprints((await beginRotation(folder.path)).next), fingerprints(begun.next))
    const finished = await finishRotation(folder.path)
    assert.deepEqual([fingerprints(finished?.current ?? []), finished?.next], [fingerprints(begun.next), []])
    assert.deepEqual(fingerprints((await openHostKeys(folder.path)).current), fingerprints(begun.next))
  })

  for (const [what, make, says] of [
    ['empty', (file: string) => writeFileSync(file, ''), /host_ed25519 is no private key .*: put the key back from a backup/],
    ['a folder', (file: string) => mkdirSync(file), /host_ed25519 cannot be read: it is a folder: put the key back/],
  ] as const)
    it(`are not made anew where a file is ${what}, which clients would take for another server`, async () => {
      await using folder = await temporaryFolder()
      mkdirSync(join(folder.path, 'sftp'))
      make(join(folder.path, 'sftp', 'host_ed25519'))
      await assert.rejects(
        openHostKeys(folder.path, ['ed25519']),
        (error) => error instanceof KeptFileError && says.test(error.message),
      )
    })
})
