import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryFolder } from '../../test/workbooks.ts'
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
})
