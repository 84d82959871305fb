/**
 * The examples of docs/api.md, run as they are printed against the real program, in their order.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { blocksIn } from './printed-commands.ts'
import { Server } from './server.ts'

type Ran = { readonly code: number; readonly output: string }

/** How a language is run; `check` tells whether this machine can. */
const LANGUAGES: {
  readonly [language: string]: { readonly command: string; readonly args: readonly string[]; readonly check: readonly string[] }
} = {
  sh: { command: 'bash', args: ['-c'], check: ['-c', 'curl --version'] },
  python: { command: 'python3', args: ['-c'], check: ['-c', 'import requests'] },
  js: { command: process.execPath, args: ['--input-type=module', '-e'], check: ['--version'] },
  powershell: { command: 'pwsh', args: ['-NoProfile', '-Command'], check: ['-Version'] },
}

const blocks = blocksIn(await readFile(new URL('../docs/api.md', import.meta.url), 'utf8'))

describe('docs/api.md', () => {
  let server: Server
  let folder: string
  before(async () => {
    server = await Server.start()
    const token = await server.makeToken('api')
    folder = await mkdtemp(join(tmpdir(), 'matricula-docs-'))
    Object.assign(environment, { API: server.api, TOKEN: token })
    for (const { language, note, text } of blocks) if (language === 'csv') await writeFile(join(folder, note), text)
  })
  after(async () => {
    await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  for (const block of blocks.filter(({ language, note }) => language in LANGUAGES && note !== 'setup')) {
    const { language, text, expected, heading } = block
    it(`runs as printed: ${heading}, ${language}`, async (context) => {
      const { command, args, check } = LANGUAGES[language] as (typeof LANGUAGES)[string]
      const able = await run(command, check, folder)
      if (able.code !== 0) {
        // What later examples read must be there all the same.
        if (heading === 'Every night') await sendEva(server.api)
        return context.skip(`${command} cannot be run here`)
      }
      const { code, output } = await run(command, [...args, text], folder)
      assert.equal(code, 0, output)
      if (expected === undefined) assert.equal(output, '')
      else if (expected.language === 'json') assertLike(JSON.parse(output), JSON.parse(expected.text))
      else assert.equal(output.trim().replaceAll('\r', ''), expected.text.trim())
    })
  }
})

async function sendEva(api: string): Promise<void> {
  const name = { first_name: 'Eva', last_name: 'Holm', account_type: 'Student', year_of_graduation: 2029 }
  const sent = await fetch(`${api}/users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${environment.TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ netid: '00005678', email: 'eva.holm@univ.example', ...name }),
  })
  assert.equal(sent.status, 201, await sent.text())
}

const environment: { [name: string]: string } = {}

function run(command: string, args: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env: { ...process.env, ...environment } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, output: stdout + stderr })
    })
  })
}

/** `…` stands for any text, or for any beginning of one. */
function assertLike(found: unknown, printed: unknown, path = ''): void {
  if (typeof printed === 'string' && printed.startsWith('…')) {
    assert.ok(String(found).endsWith(printed.slice(1)), `${path} is ${found}`)
  } else if (typeof printed === 'object' && printed !== null && typeof found === 'object' && found !== null) {
    assert.deepEqual(Object.keys(found), Object.keys(printed), path)
    for (const [name, value] of Object.entries(printed)) assertLike(Reflect.get(found, name), value, `${path}/${name}`)
  } else assert.deepEqual(found, printed, path)
}
