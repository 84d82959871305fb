import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Command } from './command.ts'
import { MATRICULA } from './commands.ts'
import { run } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'matricula-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a command line in this process, on a store of the test. */
async function matricula(line: readonly string[], environment: { [name: string]: string } = {}) {
  const [out, said]: [string[], string[]] = [[], []]
  const code = await run(line, {
    environment: { DATA_DIR: folder, ...environment },
    out: (text) => void out.push(text),
    say: (text) => void said.push(text),
  })
  return { code, out: out.join('\n'), said: said.join('\n') }
}

function* runnable(command: Command, path: readonly string[] = []): Generator<[readonly string[], string]> {
  if ('run' in command) yield [path, command.help]
  else for (const [name, inner] of Object.entries(command.commands)) yield* runnable(inner, [...path, name])
}

describe('the command line', () => {
  before(() => matricula(['institution', 'list']))

  for (const [line, said] of [
    ['srve', 'matricula: there is no command srve (did you mean "serve"?)\nSee: matricula --help'],
    ['backup', 'matricula: there is no command backup; known: serve, institution,'],
    ['institution', 'matricula: what to do with institution? One of: create, list, show, set'],
    [
      'institution crate',
      'matricula: there is no command institution crate (did you mean "create"?)\nSee: matricula institution --help',
    ],
    ['institution create', 'matricula: ID is missing\nSee: matricula institution create --help'],
    ['institution create north', 'matricula: --name is missing'],
    ['institution create north --nmae N', 'matricula: there is no option --nmae (did you mean "--name"?)'],
    ['institution create north --name', 'matricula: --name needs a value'],
    ['institution create north --name --settings', 'matricula: --name needs a value'],
    ['institution create north south --name N', 'matricula: "south" is one word too many'],
    ['institution create North --name N', 'matricula: the id is "North"; it should be small letters'],
    ['institution list --json=yes', 'matricula: --json takes no value'],
    ['files list north', 'matricula: "north" is one word too many (did you mean "--institution north"?)'],
    ['user list --institution north south', 'matricula: "south" is one word too many\n'],
    ['token list --institution north', 'matricula: there is no option --institution: the ID stands here without it'],
    ['institution list -x', 'matricula: there is no option -x'],
    ['-v', 'matricula: there is no option -v; known: --help, --version'],
    [
      'institution show nowhere',
      'matricula: there is no institution nowhere; this store has none at all: make one with matricula institution create, or give DATABASE_URL',
    ],
    ['institution set nowhere', 'matricula: --settings is missing: what should change?'],
    ['institution set nowhere --settings /no/such/file', 'matricula: there is no file /no/such/file'],
    [
      'institution set nowhere --settings {"keyHoldDays":1}',
      'matricula: --settings is JSON itself; it should be a file of it, or -',
    ],
    ['token create nowhere', 'matricula: --scope is missing: one of scim, api, files, admin'],
    [
      'token create nowhere --scope smic',
      'matricula: --scope is "smic"; it should be one of scim, api, files, admin (did you mean "scim"?)',
    ],
    [
      'token create nowhere --scope scim --expires soon',
      'matricula: --expires is "soon"; it should be a time from now, for example 12h',
    ],
    ['token create nowhere --scope scim --expires 0d', 'matricula: --expires is "0d"'],
    ['token create nowhere --scope scim --expires 2020-01-01', 'matricula: --expires is "2020-01-01"'],
    ['token create nowhere --scope scim --source api:sis', 'matricula: --source is "api:sis"; it should be a name'],
    ['user list', 'matricula: --institution is missing'],
    ['user show ada --institution nowhere', 'matricula: there is no institution nowhere'],
    [
      'conformance http://127.0.0.1:9/scim',
      'matricula: --token is missing (or --client-id and --client-secret)\nSee: matricula conf',
    ],
  ] as const)
    it(`answers "${line}" with what would be right`, async () => {
      const { code, out, said: found } = await matricula(line.split(' '))
      assert.equal(code, 1)
      assert.equal(out, '')
      assert.ok(found.startsWith(said), found)
    })

  it('names a wrong variable of the environment', async () => {
    const { code, said } = await matricula(['institution', 'list'], { DATABASE_URL: 'postgres://a' })
    assert.equal(code, 1)
    assert.match(said, /^matricula: DATABASE_URL is "postgres:\/\/a"; it should be sqlite:PATH/)
  })

  it('says where it made a database, which may be another than the one of the server', async () => {
    const path = join(folder, 'elsewhere', 'matricula.db')
    const environment = { DATA_DIR: join(folder, 'elsewhere') }
    const first = await matricula(['institution', 'create', 'north', '--name', 'N'], environment)
    assert.equal(first.said.split('\n')[0], `Made a new database: ${path}`)
    const { said } = await matricula(['token', 'list', 'uni'], environment)
    assert.equal(said, 'matricula: there is no institution uni; see: matricula institution list')
  })

  it('says what is wrong with a store that cannot be opened', async () => {
    const { code, said } = await matricula(['institution', 'list'], { DATABASE_URL: `sqlite:${folder}` })
    assert.equal(code, 1)
    assert.match(said, /^matricula: SQLite store /)
  })

  it('lists its commands when none is named', async () => {
    const { code, out } = await matricula([])
    assert.equal(code, 0)
    for (const name of ['serve', 'institution', 'token', 'user']) assert.ok(out.includes(`\n  ${name} `), name)
  })

  it('tells its version', async () => assert.match((await matricula(['--version'])).out, /^\d+\.\d+\.\d+/))

  for (const [path, help] of runnable(MATRICULA))
    it(`helps with ${path.join(' ')}: usage first, then examples, no line too wide`, async () => {
      const { code, out } = await matricula([...path, '--help'])
      assert.equal(code, 0)
      assert.equal(out, help)
      assert.ok(out.startsWith(`matricula ${path.join(' ')}`))
      assert.ok(out.split('\n').every((line) => line.length <= 130))
    })

  it('names the place where it may not write, and DATA_DIR', async () => {
    const file = join(folder, 'no-folder')
    writeFileSync(file, '')
    const beside = { DATABASE_URL: `sqlite:${join(folder, 'beside.db')}`, DATA_DIR: file }
    const { code, said } = await matricula(['sftp', 'rotate-host-key'], beside)
    assert.equal(code, 1)
    assert.match(said, /^matricula: \S+ cannot be used: .+ \(\w+\); DATA_DIR should be a folder/)
  })

  it('reads settings as Notepad and PowerShell save them', async () => {
    const texts = { utf8: Buffer.from('\ufeff{"keyHoldDays":30}'), utf16: Buffer.from('\ufeff{"keyHoldDays":30}', 'utf16le') }
    for (const [id, text] of Object.entries(texts)) {
      const settings = join(folder, `${id}.json`)
      writeFileSync(settings, text)
      const { code, said } = await matricula(['institution', 'create', id, '--name', 'N', '--settings', settings])
      assert.equal(code, 0, said)
    }
  })

  it('refuses settings with letters in another encoding, which would be kept as others', async () => {
    const settings = join(folder, 'latin1.json')
    writeFileSync(settings, Buffer.from('{"saml":{"contact":{"name":"Universit\xe9"}}}', 'latin1'))
    const { code, said } = await matricula(['institution', 'create', 'latin1', '--name', 'N', '--settings', settings])
    assert.equal(code, 1)
    assert.match(said, /^matricula: \S+latin1\.json has letters that are not in UTF-8; save it as UTF-8$/m)
  })

  it('helps with the command behind the word help', async () => {
    assert.equal((await matricula(['help', 'token', 'create'])).out, (await matricula(['token', 'create', '--help'])).out)
    assert.match((await matricula(['help', 'token'])).out, /Commands:/)
  })

  it('helps although other words are wrong', async () => {
    assert.equal((await matricula(['token', 'create', '--scop', '-h'])).code, 0)
  })
})
