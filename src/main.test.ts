import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFile } from '../test/stores.ts'

const LAUNCHER = fileURLToPath(new URL('./matricula.mjs', import.meta.url))
const FULL = '/dev/full'

describe('the streams of a command', () => {
  const env = { ...process.env, DATA_DIR: dirname(temporaryFile('matricula.db')) }

  it('say on the one why nothing can be written to the other', { skip: existsSync(FULL) ? false : `no ${FULL}` }, async () => {
    const child = spawn(process.execPath, [LAUNCHER, '--version'], { env, stdio: ['ignore', openSync(FULL, 'w'), 'pipe'] })
    let said = ''
    child.stderr?.on('data', (text) => (said += text))
    assert.deepEqual(await once(child, 'close'), [1, null])
    assert.equal(said, 'matricula: standard output cannot be written to: ENOSPC: no space left on device, write\n')
  })

  it('do not stop it where nobody reads its remarks any more', async () => {
    const child = spawn(process.execPath, [LAUNCHER, 'institution', 'create', 'north', '--name', 'North'], { env, stdio: 'pipe' })
    child.stderr.destroy()
    assert.deepEqual(await once(child, 'close'), [0, null])
  })
})
