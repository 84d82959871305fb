import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { setInterval } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { run } from '../../test/program.ts'
import { temporaryFolder } from '../../test/temporary-folder.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const ROWS = Array.from({ length: 5000 }, (_, n) => `p${n},p${n}@uni.edu,Ana,Ode,Student`)

describe('an import that is told to stop', { skip: process.platform === 'win32' && 'needs signals' }, () => {
  for (const [why, signal, option, hasBegun, says] of [
    [
      'says how it goes on',
      'SIGINT',
      '--approve',
      /^work\/.+\/plan/m,
      /^Interrupted: .* matricula files run --institution north, and/,
    ],
    [
      'leaves nothing of a dry run behind, as when its terminal is gone',
      'SIGHUP',
      '--dry-run',
      /^matricula-dry-run-[^/]+\/plan/m,
      /^$/,
    ],
  ] as const)
    it(`${why}, and ends by the signal`, { timeout: 120_000 }, async () => {
      await using folder = await temporaryFolder()
      const temporary = join(folder.path, 'files', 'north')
      await mkdir(temporary, { recursive: true })
      const environment = { DATA_DIR: folder.path, TMPDIR: temporary }
      const words = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
      const made = await run('env', [...words, process.execPath, MAIN, 'institution', 'create', 'north', '--name', 'North'])
      assert.equal(made.code, 0, made.err)
      const file = await folder.put('people.csv', ['netid,email,first_name,last_name,account_type', ...ROWS].join('\n'))
      const child = spawn(process.execPath, [MAIN, 'import', file, '--institution', 'north', option], {
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const said = text(child.stderr)
      const ended = once(child, 'exit')
      for await (const _ of setInterval(10))
        if (hasBegun.test(readdirSync(temporary, { recursive: true }).join('\n')) || child.exitCode !== null) break
      child.kill(signal)
      assert.deepEqual(await ended, [null, signal])
      assert.match(await said, says)
      assert.deepEqual(
        (await readdir(temporary)).filter((name) => name.startsWith('matricula-')),
        [],
      )
    })
})
