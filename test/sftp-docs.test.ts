/**
 * The commands of docs/sftp.md, run as they are printed, in their order, against the real program.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { checkSettings } from '../src/directory/check-settings.ts'
import { sftpProblems } from '../src/sftp/settings.ts'
import { blocksIn, preludeOf } from './printed-commands.ts'
import { run } from './program.ts'
import { Server } from './server.ts'
import { NO_OPENSSH } from './sftp-clients.ts'
import type { Folder } from './temporary-folder.ts'
import { temporaryFolder } from './temporary-folder.ts'

const blocks = blocksIn(await readFile(new URL('../docs/sftp.md', import.meta.url), 'utf8'))
const PATIENCE_MS = 60_000

describe('docs/sftp.md', { skip: NO_OPENSSH }, () => {
  const opened = new AsyncDisposableStack()
  let server: Server
  let folder: Folder
  before(async () => {
    server = opened.use(await Server.start())
    folder = opened.use(await temporaryFolder())
    await server.run('institution', 'create', 'north', '--name', 'North Campus')
    await folder.put('people.csv', 'email,first_name,last_name,account_type\nana@uni.edu,Ana,Ode,Student\n')
  })
  after(() => opened.disposeAsync())

  /** Names and numbers of the page are those of a machine that the reader has. */
  const asHere = (text: string) =>
    text
      .replaceAll('files.uni.edu', '127.0.0.1')
      .replaceAll('-P 2222', `-P ${server.sftpPort}`)
      .replaceAll('192.0.2.0/24', '127.0.0.0/8')

  async function shell(text: string) {
    return run('bash', ['-ec', preludeOf(folder.path, server.environment) + asHere(text)])
  }

  for (const [index, { text }] of blocks.filter(({ language }) => language === 'sh').entries()) {
    const [first = ''] = text.split('\n')
    it(`has commands that run as printed: ${first.slice(0, 60)}`, { timeout: 240_000 }, async () => {
      const until = Date.now() + PATIENCE_MS
      let done = await shell(text)
      // What comes seconds later is asked for until it is there.
      while (done.code !== 0 && text.includes('.check.txt') && Date.now() < until) {
        await wait(100)
        done = await shell(text)
      }
      assert.equal(done.code, 0, done.out + done.err)
      if (text.includes('sftp setup')) await rememberHost()
      if (text.includes('.check.txt')) assert.match(done.out, /Nothing has been changed so far[\s\S]*created +1/)
      // What a script for cron says goes out by mail each night.
      if (text.includes('upload.sh')) assert.equal(done.out + done.err, '')
      if (text.includes('pick-up')) assert.match(done.out, /^ssh-ed25519 /m)
      assert.ok(index < 7, 'each block of the page is known here')
    })
  }

  /** As the page that was made says. */
  async function rememberHost(): Promise<void> {
    const made = await readFile(join(folder.path, 'for-north.txt'), 'utf8')
    const line = made.split('\n').find((one) => one.includes('> matricula_hosts')) ?? assert.fail(made)
    assert.equal((await shell(line)).code, 0)
  }

  it('brought the file of its examples to the roll', async () => {
    assert.equal((await server.run('files', 'run', '--institution', 'north')).code, 0)
    assert.equal((await server.run('user', 'show', 'ana@uni.edu', '--institution', 'north')).code, 0)
  })

  it('shows settings that are accepted', () => {
    for (const { text } of blocks.filter(({ language }) => language === 'json')) {
      const settings = JSON.parse(text.replace('SHA256:…', `SHA256:${'A'.repeat(43)}`))
      assert.equal(checkSettings(settings, [sftpProblems]).kind, 'ok', text)
    }
  })
})
