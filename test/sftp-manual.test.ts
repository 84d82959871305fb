/**
 * The drop box as the manual has it, from nothing: set up, upload, read the check, let the files run, read the report.
 * By each of the programs that institutions use.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { Server } from './server.ts'
import type { Keys, SftpClient, Target } from './sftp-clients.ts'
import { CLIENTS, makeKeys, NO_OPENSSH, nameIn } from './sftp-clients.ts'
import type { Folder } from './temporary-folder.ts'
import { temporaryFolder } from './temporary-folder.ts'

const PATIENCE_MS = 60_000

describe('the drop box', { skip: NO_OPENSSH }, () => {
  let server: Server
  let folder: Folder
  let keys: Keys
  before(async () => {
    server = await Server.start()
    folder = await temporaryFolder()
    keys = await makeKeys(folder.path, { withPpk: CLIENTS.every(({ missing }) => missing === false) })
  })
  after(async () => {
    await server[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  for (const [index, client] of CLIENTS.entries()) {
    it(`serves ${client.name} from the key to the report`, { skip: client.missing, timeout: 240_000 }, async () => {
      const institution = `uni-${index}`
      const target = await setUp(institution)
      const people = await folder.put(`people-${index}.csv`, peopleOf(index))
      const name = `people-${index}.csv`

      const put = await client.put(target, people, `/upload/${name}`)
      assert.equal(put.code, 0, put.err)

      const check = await readBack(client, target, `/reports/${name}.check.txt`)
      assert.match(check, /Nothing has been changed so far\.[\s\S]*created +2[\s\S]*invalid +1/)
      assert.match(check, /row 4, column "account_type": .*did you mean "Student"\?/)
      const table = await readBack(client, target, `/reports/${name}.check.csv`)
      assert.match(table, /^\ufeffoutcome,reason,fix,netid.*\r\ncreated,/)
      assert.equal(
        (await server.run('user', 'list', '--institution', institution)).stdout.split('\n').filter((line) => line.includes('@'))
          .length,
        0,
      )

      const ran = await server.run('files', 'run', '--institution', institution)
      assert.equal(ran.code, 2, ran.stderr)

      const listed = await client.list(target, '/reports')
      const report = nameIn(listed, new RegExp(`Z_${name.replaceAll('.', '\\.')}\\.csv$`))
      assert.ok(report !== undefined, listed.out + listed.err)
      assert.match(await readBack(client, target, `/reports/${report}`), /\r\ninvalid,account_type_unknown,/)
      const archived = await client.list(target, '/archive')
      assert.ok(nameIn(archived, new RegExp(`Z_${name.replaceAll('.', '\\.')}$`)), archived.out)
      assert.equal(nameIn(await client.list(target, '/upload'), /people/), undefined)

      const roll = await server.run('user', 'list', '--institution', institution)
      for (const email of [`ana${index}@uni.edu`, `bo${index}@uni.edu`]) assert.match(roll.stdout, new RegExp(email))
    })
  }

  async function setUp(institution: string): Promise<Target> {
    const made = await server.run('institution', 'create', institution, '--name', institution)
    assert.equal(made.code, 0, made.stderr)
    const user = `${institution}-files`
    const page = await server.run(
      'sftp',
      'setup',
      institution,
      '--key',
      `${keys.rsa}.pub`,
      '--user',
      user,
      '--address',
      '127.0.0.0/8',
    )
    assert.equal(page.code, 0, page.stderr)
    const { hostKeys } = JSON.parse((await server.run('sftp', 'show', '--json')).stdout)
    for (const fact of [user, String(server.sftpPort), hostKeys[0].fingerprint])
      assert.ok(page.stdout.includes(fact), page.stdout)
    return { port: server.sftpPort, user, keys, hostKey: hostKeys[0].fingerprint }
  }

  /** As somebody would who looks again and again until it is there. */
  async function readBack(client: SftpClient, target: Target, remote: string): Promise<string> {
    const local = join(folder.path, `back-${Math.random()}`)
    const until = Date.now() + PATIENCE_MS
    for (;;) {
      const got = await client.get(target, remote, local)
      if (got.code === 0) return readFileSync(local, 'utf8')
      assert.ok(Date.now() < until, `${remote} is not there in time: ${got.out} ${got.err}`)
      await wait(50)
    }
  }
})

/** Two good people, and one whose account type is misspelt. */
function peopleOf(index: number): string {
  return [
    'netid,email,first_name,last_name,account_type',
    `${index}01,ana${index}@uni.edu,Ana,Ode,Student`,
    `${index}02,bo${index}@uni.edu,Bo,Ek,Staff`,
    `${index}03,cy${index}@uni.edu,Cy,Oh,Studnet`,
    '',
  ].join('\n')
}
