import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { authenticator } from '../auth/authenticate.ts'
import { apply } from '../directory/apply.ts'
import { getInstitution } from '../directory/institution.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { run } from './run.ts'

const LAUNCHER = fileURLToPath(new URL('../matricula.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'matricula-'))
const path = join(folder, 'matricula.db')
after(() => rmSync(folder, { recursive: true, force: true }))

type Ran = { readonly code: number; readonly out: string; readonly said: string }

const environment = { ...process.env, DATA_DIR: folder, DATABASE_URL: `sqlite:${path}` }

/** A command in this process, on the store of this test. */
async function matricula(line: string): Promise<Ran> {
  const told = { out: '', said: '' }
  const code = await run(line.split(' '), {
    environment,
    out: (text) => {
      told.out += `${text}\n`
    },
    say: (text) => {
      told.said += `${text}\n`
    },
  })
  return { code, ...told }
}

/** The program itself, as a process of its own, with something on its standard input. */
function program(line: string, input: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [LAUNCHER, ...line.split(' ')], { env: environment }, (error, out, said) =>
      resolve({ code: error ? Number(error.code) : 0, out, said }),
    )
    child.stdin?.end(input)
  })
}

async function withStore<T>(work: (store: Awaited<ReturnType<typeof openSqlite>>) => Promise<T>): Promise<T> {
  await using store = await openSqlite({ path })
  return await work(store)
}

describe('the command line, one step after the other', () => {
  it('makes an institution with settings from a file', async () => {
    const file = join(folder, 'settings.json')
    writeFileSync(file, '{"keyHoldDays": 30, "scim": {"sees": "all"}}')
    const { code, out, said } = await matricula(`institution create north --name North --settings ${file}`)
    assert.deepEqual([code, out], [0, ''])
    assert.match(said, /matricula token create north --scope scim/)
  })

  it('changes settings from standard input, and says which', async () => {
    const { code, said } = await program('institution set north --settings -', '{"keyHoldDays": null, "matchOrder": ["netid"]}')
    assert.deepEqual([code, said], [0, 'Changed: settings.keyHoldDays, settings.matchOrder\n'])
  })

  it('refuses a wrong setting, and changes nothing', async () => {
    const { code, said } = await program('institution set north --settings -', '{"keyHoldDays": 1, "scim": {"see": "own"}}')
    assert.equal(code, 1)
    assert.match(said, /^matricula: there is no setting scim\.see \(did you mean "sees"\?\)/)
    const { out } = await matricula('institution show north')
    assert.deepEqual(JSON.parse(out).settings, { scim: { sees: 'all' }, matchOrder: ['netid'] })
  })

  it('refuses what is not JSON', async () => {
    const { code, said } = await program('institution set north --settings -', '{')
    assert.equal(code, 1)
    assert.match(said, /^matricula: standard input is not JSON/)
  })

  it('refuses settings in which a name comes twice, of which one would be lost', async () => {
    const { code, said } = await program('institution set north --settings -', '{"scim": {"sees": "own"}, "scim": {}}')
    assert.equal(code, 1)
    assert.match(said, /^matricula: standard input has the name "scim" twice in one object/)
  })

  it('makes a token: alone on standard output, and it opens the institution', async () => {
    const { code, out, said } = await matricula('token create north --scope scim --source entra --name test --expires 1d')
    assert.equal(code, 0)
    assert.match(out, /^mtr_[\w-]{43}\n$/)
    assert.match(said, /for scim:entra, until /)
    const verdict = await withStore(async (store) =>
      authenticator(store, async () => undefined, { now: Date.now, monotonic: () => performance.now() })(
        'north',
        `Bearer ${out.trim()}`,
        'scim',
      ),
    )
    assert.equal(verdict.kind === 'ok' && verdict.credential.source, 'scim:entra')
  })

  it('makes an OAuth client, gives it a second secret, and ends the first', async () => {
    const made = await matricula('client create north --scope scim --source entra --name test')
    assert.match(made.out, /^CLIENT_ID=[\w-]{36}\nCLIENT_SECRET=mcs_[\w-]{43}\n$/)
    assert.match(
      made.said,
      /^Token URL: http:\/\/127\.0\.0\.1:3000\/institutions\/north\/oauth\/token\nSecret [\w-]+ for scim:entra, until /,
    )
    const id = /CLIENT_ID=(\S+)/.exec(made.out)?.[1]
    const rotated = await matricula(`client rotate north ${id} --expires 365d`)
    assert.match(rotated.out, /^CLIENT_SECRET=mcs_[\w-]{43}\n$/)
    const [client] = JSON.parse((await matricula('client list north --json')).out)
    assert.deepEqual(Object.keys(client), ['id', 'scope', 'source', 'name', 'created', 'secrets'])
    assert.match(rotated.said, new RegExp(`Still good: ${client.secrets[0].id}\\.`))
    assert.equal((await matricula(`client revoke north ${id} --secret ${client.secrets[0].id}`)).code, 0)
    const { out } = await matricula('client list north')
    assert.ok(!out.includes(client.secrets[0].id) && out.includes(client.secrets[1].id))
    // What has leaked is the secret itself.
    const leaked = await matricula(`client revoke north ${id} --secret ${rotated.out.trim().slice('CLIENT_SECRET='.length)}`)
    assert.deepEqual(
      [leaked.code, leaked.said],
      [0, `Secret ${client.secrets[1].id} of client ${id} for scim:entra has ended.\n`],
    )
    assert.equal((await matricula(`client revoke north ${id}`)).code, 0)
    const again = await matricula(`client revoke north ${id}`)
    assert.deepEqual(
      [again.code, again.said],
      [1, 'matricula: north has no such client or secret; see: matricula client list north\n'],
    )
  })

  it('makes an OAuth client with keys of its own, and takes no private one', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = join(folder, 'key.pem')
    writeFileSync(pem, publicKey.export({ type: 'spki', format: 'pem' }))
    const made = await matricula(`client create north --scope api --keys ${pem}`)
    assert.match(made.out, /^CLIENT_ID=[\w-]{36}\n$/)
    writeFileSync(pem, JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }))
    assert.equal((await matricula(`client create north --scope api --keys ${pem}`)).code, 0)
    const [first, second] = JSON.parse((await matricula('client list north --json')).out)
    assert.deepEqual(first.keys, { jwks: [publicKey.export({ format: 'jwk' })] })
    assert.deepEqual(second.keys, first.keys)
    for (const secret of [
      privateKey.export({ type: 'pkcs8', format: 'pem' }),
      JSON.stringify({ keys: [privateKey.export({ format: 'jwk' })] }),
    ]) {
      writeFileSync(pem, secret)
      const refused = await matricula(`client create north --scope api --keys ${pem}`)
      assert.deepEqual([refused.code, refused.out], [1, ''])
      assert.match(refused.said, /holds a private key/)
    }
  })

  for (const [line, says] of [
    ['client create north', /--scope is missing/],
    ['client create north --scope scmi', /did you mean "scim"\?/],
    ['client create north --scope scim --expires 30d', /--expires is "30d"; it should be 1 to 3 years from now/],
    ['client create north --scope scim --expires 4000d', /1 to 3 years/],
    ['client create north --scope scim --keys http://sis.uni.edu/keys', /an address should be an https URL/],
    ['client create north --scope scim --keys no-such-file', /there is no file no-such-file/],
    ['client create nroth --scope scim', /there is no institution nroth \(did you mean "north"\?\)/],
    ['client rotate north 1', /has no such client/],
  ] as const)
    it(`refuses "${line}" and says why`, async () => {
      const { code, out, said } = await matricula(line)
      assert.deepEqual([code, out], [1, ''])
      assert.match(said, says)
    })

  it('refuses settings of flat files that would never have an effect', async () => {
    const settings = join(folder, 'settings.json')
    writeFileSync(settings, JSON.stringify({ files: { sources: [{ pattern: '*' }, { pattern: 'sis-*.csv' }] } }))
    const { code, said } = await matricula(`institution set north --settings ${settings}`)
    assert.equal(code, 1)
    assert.match(said, /files\.sources\[1\]\.pattern "sis-\*\.csv" never comes to anything/)
  })

  it('lists tokens without showing them, and ends them', async () => {
    const listed = JSON.parse((await matricula('token list north --json')).out)
    assert.deepEqual(Object.keys(listed[0]), ['id', 'scope', 'source', 'name', 'created', 'expires'])
    assert.equal((await matricula(`token revoke north ${listed[0].id}`)).code, 0)
    assert.equal((await matricula('token list north --json')).out, '[]\n')
    const { out: none, said } = await matricula('token list north')
    assert.deepEqual([none, said], ['', 'There are no tokens of north: make one with matricula token create.\n'])
    const again = await matricula(`token revoke north ${listed[0].id}`)
    assert.match(again.said, /^matricula: north has no such token/)
  })

  it('ends a token that is given itself', async () => {
    const { out } = await matricula('token create north --scope api')
    assert.equal((await matricula(`token revoke north ${out.trim()}`)).code, 0)
  })

  it('shows a person as flat fields, as SCIM, with provenance and history', async () => {
    await withStore(async (store) => {
      const institution = await getInstitution(store, 'north')
      assert.ok(institution)
      const campus = { netid: 'ADA1' }
      const emails = [{ value: 'ada@uni.edu', type: 'work' }]
      for (const title of ['Student', 'Countess']) {
        await apply(store, institution, [
          {
            target: { keys: { netid: 'ada1' } },
            intent: 'upsert',
            source: 'file',
            edit: () => ({ resource: { title, campus, emails } }),
          },
        ])
      }
    })
    for (const key of ['ada1', 'Ada@Uni.edu']) {
      const { code, out, said } = await matricula(`user show ${key} --institution north --events`)
      assert.equal(code, 0, said)
      const shown = JSON.parse(out)
      assert.equal(shown.user.netid, 'ADA1')
      assert.equal(shown.scim.title, 'Countess')
      assert.equal(shown.provenance.title.source, 'file')
      assert.deepEqual(
        shown.events.map(({ kind }: { kind: string }) => kind),
        ['user.created', 'user.updated'],
      )
    }
  })

  it('lists people, one JSON object a line', async () => {
    const { out } = await matricula('user list --institution north')
    assert.equal(JSON.parse(out).user.email, 'ada@uni.edu')
    assert.equal((await matricula('user list --institution north --inactive')).out, '')
  })

  it('says of an incomplete record which fields it lacks', async () => {
    const incomplete = ['first_name', 'last_name', 'account_type']
    for (const command of ['user show ada1 --institution north', 'user list --institution north --incomplete'])
      assert.deepEqual(JSON.parse((await matricula(command)).out).incomplete, incomplete)
  })

  it('erases a person with the history, and keeps one event that says so', async () => {
    const { out } = await matricula('user show ada1 --institution north')
    const { id } = JSON.parse(out)
    const { code, said } = await matricula('user purge ada1 --institution north')
    assert.deepEqual([code, said], [0, `Erased ${id} and 2 events.\n`])
    assert.match((await matricula('user show ada1 --institution north')).said, /^matricula: north has nobody with/)
    const left = await withStore((store) =>
      store.find('events', 'north', { where: { op: 'eq', path: 'subject', value: id }, limit: 9 }),
    )
    assert.deepEqual(
      left.map(({ kind }) => kind),
      ['user.purged'],
    )
    // Ids may have "ada" among their hexadecimal digits.
    assert.doesNotMatch(JSON.stringify(left), /ada@/i)
    assert.doesNotMatch(readFileSync(path, 'latin1'), /ada@/i)
    assert.equal((await matricula(`user purge ${id} --institution north`)).code, 1)
  })
})
