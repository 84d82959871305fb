import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import type { SMTPServerOptions } from 'smtp-server'
import { SMTPServer } from 'smtp-server'
import type { Institution } from '../directory/institution.ts'
import type { Delivery } from './deliveries.ts'
import { mailSender } from './mail.ts'

const MESSAGE = {
  id: '01987c2e-6f1d-7a44-8b0e-3c9a5d2f7e10-held',
  type: 'file.held',
  at: Date.parse('2026-03-28T07:00:00Z'),
  data: {},
  subject: 'Universität Nord: people.csv\r\nBcc: eve@evil.example is held',
  text: 'Held: größer als gestern.\n.\nTo let it through: …\n',
}
const institution = {} as Institution
const never = new AbortController().signal
const to = (address: string) => ({ message: MESSAGE, to: { kind: 'email', address } }) as unknown as Delivery

describe('e-mail', () => {
  const got: { from: string; to: string[]; user: string | undefined; text: string }[] = []
  const open = new AsyncDisposableStack()
  let port: number
  const started = async (options: SMTPServerOptions) => {
    const server = new SMTPServer({ disabledCommands: ['STARTTLS'], logger: false, ...options })
    const listening = server.listen(0, '127.0.0.1')
    await new Promise((resolve) => listening.once('listening', resolve))
    open.defer(() => new Promise((resolve) => void server.close(resolve)))
    return (listening.address() as { port: number }).port
  }
  before(async () => {
    port = await started({
      authOptional: true,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _, done) =>
        password === 'open sesame' ? done(null, { user: username }) : done(new Error('no')),
      onRcptTo: ({ address }, _, done) => done(address.startsWith('nobody@') ? new Error('no such user here') : null),
      onData: (stream, { envelope, user }, done) => {
        text(stream).then((content) => {
          const from = envelope.mailFrom ? envelope.mailFrom.address : ''
          got.push({ from, to: envelope.rcptTo.map(({ address }) => address), user: user as string | undefined, text: content })
          done()
        }, done)
      },
    })
  })
  after(() => open.disposeAsync())

  const sender = (more: object = {}) =>
    mailSender({ server: { host: '127.0.0.1', port, isTls: false, ...more }, from: 'Matricula <roll@uni.edu>', isLocal: true })

  it('reaches its recipient, and says the same message at every attempt', async () => {
    for (let attempt = 0; attempt < 2; attempt++)
      assert.deepEqual(await sender()(to('registrar@uni.edu'), institution, never), { kind: 'delivered' })
    assert.equal(got.length, 2)
    for (const mail of got.splice(0)) {
      assert.deepEqual([mail.from, mail.to], ['roll@uni.edu', ['registrar@uni.edu']])
      assert.match(mail.text, new RegExp(`^Message-ID: <${MESSAGE.id}@uni\\.edu>\\r$`, 'm'))
      assert.match(mail.text, /^Auto-Submitted: auto-generated\r$/m)
      assert.match(mail.text, /^Date: Sat, 28 Mar 2026 07:00:00 \+0000\r$/m)
      assert.doesNotMatch(mail.text, /^Bcc:/m)
      assert.match(mail.text, /To let it through:/)
    }
  })

  it('signs in where the server asks for it', async () => {
    const send = sender({ user: 'roll@uni.edu', password: 'open sesame' })
    assert.equal((await send(to('registrar@uni.edu'), institution, never)).kind, 'delivered')
    assert.equal(got.splice(0)[0]?.user, 'roll@uni.edu')
  })

  for (const [why, options, address, says] of [
    [
      'with a wrong password',
      { user: 'roll', password: 'wrong' },
      'registrar@uni.edu',
      /^the SMTP server answered 535 \(EAUTH\)$/,
    ],
    ['to a recipient that is not there', {}, 'nobody@uni.edu', /^the SMTP server answered 550 \(EENVELOPE\)$/],
    ['to a server that is not there', { port: 1 }, 'registrar@uni.edu', /ECONNREFUSED/],
  ] as const)
    it(`fails ${why}, and says so without the recipient or the password`, async () => {
      const sent = await sender(options)(to(address), institution, never)
      assert.ok(sent.kind === 'failed')
      assert.match(sent.why, says)
      assert.doesNotMatch(sent.why, /uni\.edu|wrong/)
      assert.equal(got.length, 0)
    })

  it('is called off at once, with its connection, when the server closes', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    open.defer(() => void silent.close())
    await once(silent, 'listening')
    const stop = new AbortController()
    const sending = sender({ port: (silent.address() as AddressInfo).port })(to('registrar@uni.edu'), institution, stop.signal)
    const [socket] = (await once(silent, 'connection')) as [Socket]
    const started = performance.now()
    stop.abort()
    assert.equal((await sending).kind, 'failed')
    await once(socket.resume(), 'close')
    assert.ok(performance.now() - started < 10_000)
  })

  it('sends no password to another machine without TLS', async () => {
    const server = { host: '127.0.0.1', port, isTls: false, user: 'roll', password: 'open sesame' }
    const sent = await mailSender({ server, from: 'roll@uni.edu', isLocal: false })(to('registrar@uni.edu'), institution, never)
    assert.equal(sent.kind, 'failed')
    assert.equal(got.length, 0)
  })
})
