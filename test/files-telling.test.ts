/**
 * A summary goes out after each run of a file: to a real receiver of webhooks and a real SMTP server, from the command
 * line and from the daily run of a server.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SMTPServer } from 'smtp-server'
import { Webhook } from 'standardwebhooks'
import { createToken } from '../src/auth/tokens.ts'
import { run } from '../src/cli/run.ts'
import { openServer } from '../src/cli/server.ts'
import { configFrom } from '../src/config.ts'
import { DAY_MS } from '../src/days.ts'
import { createInstitution } from '../src/directory/institution-changes.ts'
import { openLog } from '../src/observe/log.ts'
import { temporaryFile } from './stores.ts'

const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
const HEADER = 'netid,email,first_name,last_name,account_type'
const people = (count: number) =>
  Array.from({ length: count }, (_, index) => `u${index},u${index}@uni.edu,Ada,Lovelace ${index},Student`)

describe('after a run of a file', () => {
  const folder = dirname(temporaryFile('people.csv'))
  const open = new AsyncDisposableStack()
  const told: { id: string; type: string; data: { [name: string]: unknown } }[] = []
  const mail: string[] = []
  let status = 200
  const receiver = createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    new Webhook(SECRET).verify(body, request.headers as { [name: string]: string })
    if (status === 200) told.push({ id: String(request.headers['webhook-id']), ...JSON.parse(body) })
    response.writeHead(status).end()
    receiver.emit('told')
  })
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData: (stream, _, done) =>
      void text(stream).then((content) => done(null, String(mail.push(content.replaceAll('=\r\n', ''))))),
  })
  const environment: { [name: string]: string } = { DATA_DIR: folder, MAIL_FROM: 'roll@uni.edu', PORT: '0', SFTP_PORT: '0' }
  let notify: { webhook: { url: string; secret: string }; email: string[] }
  before(async () => {
    receiver.listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    open.defer(() => new Promise<void>((resolve) => void receiver.close(() => resolve())))
    const listening = smtp.listen(0, '127.0.0.1')
    await once(listening, 'listening')
    open.defer(() => new Promise<void>((resolve) => void smtp.close(() => resolve())))
    environment.SMTP_URL = `smtp://127.0.0.1:${(listening.address() as AddressInfo).port}`
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
    notify = { webhook: { url, secret: SECRET }, email: ['registrar@uni.edu'] }
    await matricula('institution', 'create', 'north', '--name', 'North Campus', '--settings', settingsFile())
  })
  after(() => open.disposeAsync())

  const settingsFile = (more = {}) => {
    const file = join(folder, 'settings.json')
    writeFileSync(file, JSON.stringify({ files: { notify, ...more } }))
    return file
  }

  async function matricula(...args: readonly string[]) {
    const out: string[] = []
    const said: string[] = []
    const code = await run(args, { environment, out: (line) => void out.push(line), say: (line) => void said.push(line) })
    return { code, out: out.join('\n'), said: said.join('\n') }
  }

  async function imported(rows: readonly string[], ...more: readonly string[]) {
    const file = join(folder, 'people.csv')
    writeFileSync(file, [HEADER, ...rows].join('\n'))
    return { ...(await matricula('import', file, '--institution', 'north', ...more)), told: told.splice(0), mail: mail.splice(0) }
  }

  it('the settings that are shown tell no secret, and can be set as they were shown', async () => {
    const { out } = await matricula('institution', 'show', 'north')
    assert.ok(!out.includes(SECRET) && /"secret": "sealed\.1\./.test(out))
    writeFileSync(join(folder, 'shown.json'), JSON.stringify(JSON.parse(out).settings))
    const { said } = await matricula('institution', 'set', 'north', '--settings', join(folder, 'shown.json'))
    assert.equal(said, 'Nothing changed: all is set so already.')
  })

  it('its summary has gone out by webhook and e-mail', async () => {
    const { code, told, mail, said } = await imported(people(3))
    assert.deepEqual([code, said], [0, ''])
    assert.equal(told.length, 1)
    assert.equal(told[0]?.type, 'file.processed')
    assert.partialDeepStrictEqual(told[0]?.data, { institution: 'north', file: 'people.csv', rows: 3, counts: { created: 3 } })
    assert.equal(mail.length, 1)
    assert.match(mail[0] ?? '', /^Subject: North Campus: people\.csv was processed\r$/m)
    assert.match(mail[0] ?? '', /^To: registrar@uni\.edu\r$/m)
    assert.match(mail[0] ?? '', /created +3 +new people/)
    assert.ok(!JSON.stringify([told, mail]).includes(folder))
  })

  it('of which nothing was written, nothing has gone out', async () => {
    const { told, mail } = await imported(people(3), '--dry-run')
    assert.deepEqual([told, mail], [[], []])
  })

  it('that was rejected, or held until it was approved, each end is told of once', async () => {
    const refused = await imported(['x'], '--json')
    assert.equal(refused.told[0]?.type, 'file.processed')
    assert.match(refused.mail[0] ?? '', /^Subject: North Campus: people\.csv was processed, 1 of 1 rows refused\r$/m)
    assert.match(refused.mail[0] ?? '', /in \/reports by SFTP, on the server in DATA_DIR\/files\/north\/reports/)
    await imported(people(60))
    const held = await imported(people(20))
    assert.deepEqual([held.code, held.told.map(({ type }) => type)], [3, ['file.held']])
    assert.match(held.mail[0] ?? '', /To let it through: matricula files run --institution north --approve people\.csv\r$/m)
    await matricula('files', 'run', '--institution', 'north', '--approve', 'people.csv')
    const [approved, ...more] = told.splice(0)
    assert.deepEqual([approved?.type, more], ['file.processed', []])
    assert.equal(approved?.data.run, held.told[0]?.data.run)
    assert.notEqual(approved?.id, held.told[0]?.id)
    mail.splice(0)
  })

  it('that is held, a line of the e-mail lets through and does nothing else, whatever its sender called it', async () => {
    const file = join(folder, 'a$(id).csv')
    for (const count of [60, 20]) {
      writeFileSync(file, [HEADER, ...people(count)].join('\n'))
      await matricula('import', file, '--institution', 'north')
    }
    assert.match(mail.splice(0).at(-1) ?? '', /^To let it through: .* --approve 'a\$\(id\)\.csv'\r$/m)
    told.splice(0)
  })

  it('that nobody could be told of, the run counts all the same, and a server tells them later', {
    timeout: 240_000,
  }, async (t) => {
    status = 503
    const { code, said, told: none } = await imported(people(3), '--approve')
    status = 200
    assert.deepEqual([code, none], [0, []])
    assert.match(said, /^The summary did not go out by webhook: it answered 503\. A running server tries again\.$/)
    t.mock.timers.enable({ apis: ['setInterval', 'Date'], now: Date.now() + 2 * 60_000 })
    await using _server = await openServer(configFrom(environment), openLog('silent', { write() {} }))
    t.mock.timers.tick(60_000)
    // The receiver's library takes no message that is older or newer than five minutes.
    while (told.length === 0) await once(receiver, 'told')
    assert.deepEqual(
      told.splice(0).map(({ type }) => type),
      ['file.processed'],
    )
  })

  it('the daily run of a server tells too, and of a file that did not come', { timeout: 240_000 }, async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    await using server = await openServer(configFrom(environment), openLog('silent', { write() {} }))
    const by = { source: 'admin' } as const
    // Before that nothing was due.
    const made = Date.now() - 2 * DAY_MS
    await createInstitution(server.store, { id: 'south', name: 'South', by, now: made })
    const sources = [
      { pattern: 'nightly.csv', missingAfterDays: 1 },
      { pattern: 'staff-*.xlsx', name: 'hr', missingAfterDays: 1 },
    ]
    await matricula('institution', 'set', 'south', '--settings', settingsFile({ sources }))
    const { text: token } = await createToken(server.store, { institution: 'south', scope: 'files', by, now: Date.now() })
    const put = await fetch(`${server.publicUrl}/institutions/south/files/nightly.csv`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: [HEADER, ...people(2)].join('\n'),
    })
    assert.equal(put.status, 201, await put.text())
    t.mock.timers.tick(60_000)
    while (told.length === 0) await once(receiver, 'told')
    const [message] = told.splice(0)
    assert.partialDeepStrictEqual(message?.data, { institution: 'south', file: 'nightly.csv', result: 'processed', rows: 2 })
    while (told.length === 0 || !mail.some((one) => one.includes('staff-'))) {
      t.mock.timers.tick(60_000)
      await Promise.race([once(receiver, 'told'), nextTurn()])
    }
    const [missing, ...others] = told.splice(0)
    assert.deepEqual([missing?.type, missing?.data.source, others], ['file.missing', 'file:hr', []])
    assert.match(mail.join(''), /^Subject: South: no file staff-\*\.xlsx for more than a day\r$/m)
  })
})
