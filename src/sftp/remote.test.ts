import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { ServerChannel } from 'ssh2'
import ssh2 from 'ssh2'
import { fingerprintOf } from './authorized-key.ts'
import { newEd25519Key } from './new-key.ts'
import { PickUpFault } from './pick-up-fault.ts'
import type { Remote } from './remote.ts'
import { openRemote } from './remote.ts'

const [VERSION, STATUS, HANDLE, DATA, NAME, ATTRS] = [2, 101, 102, 103, 104, 105]
const PLAIN = 0o100644
/** For what is never answered, behind a connection that is made in that time. */
const SHORT_MS = 5000

/** A server that answers as a test wants, byte by byte. */
describe('an institution that sends what it should not', () => {
  const host = newEd25519Key()
  const ours = newEd25519Key()
  let answer: (type: number, id: Buffer, count: number) => Buffer | undefined
  let count = 0
  const server = new ssh2.Server({ hostKeys: [host.private] }, (client) => {
    client.on('error', () => {})
    client.on('authentication', (context) => context.accept())
    client.on('session', (accept) => {
      accept().on('subsystem', (open: () => ServerChannel) => speak(open()))
    })
  })
  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(() => server.close())

  function speak(channel: ServerChannel): void {
    let left = Buffer.alloc(0)
    channel.on('error', () => {})
    channel.on('data', (piece: Buffer) => {
      left = Buffer.concat([left, piece])
      while (left.length >= 4 && left.length >= 4 + left.readUInt32BE()) {
        const request = left.subarray(4, 4 + left.readUInt32BE())
        left = left.subarray(4 + request.length)
        const type = request[0] ?? 0
        channel.write(
          type === 1 ? packet(VERSION, number(3)) : (answer(type, request.subarray(1, 5), count++) ?? Buffer.alloc(0)),
        )
      }
    })
  }

  async function remote(answerMs = 20_000): Promise<Remote> {
    const { port } = server.address() as AddressInfo
    const parsed = ssh2.utils.parseKey(host.public)
    assert.ok(!(parsed instanceof Error))
    const hostKeys = [fingerprintOf(parsed.getPublicSSH())]
    count = 0
    const place = { name: 'sis', host: '127.0.0.1', port, username: 'us', hostKeys }
    return openRemote(place, { privateKeys: [ours.private], signal: AbortSignal.timeout(60_000), answerMs })
  }

  const listing = (names: readonly string[]) => (type: number, id: Buffer, turn: number) => {
    if (type === OPENDIR) return packet(HANDLE, id, text('h'))
    if (type === READDIR && turn === 1) return packet(NAME, id, number(names.length), ...names.map((name) => entry(name, 1)))
    return packet(STATUS, id, number(type === READDIR ? 1 : 0), text(''), text(''))
  }

  it('is told of with the names as they are, for whoever judges names', async () => {
    const names = ['../../etc/passwd', '/etc/passwd', 'a\u0000b', 'a\u001b[2Jb', '.', 'x'.repeat(70_000)]
    answer = listing(names)
    await using there = await remote()
    const files = await there.list('.')
    assert.deepEqual(
      files.map(({ name }) => name),
      names.filter((name) => name !== '.'),
    )
  })

  it('is left when its folder has no end', async () => {
    answer = (type, id) =>
      type === OPENDIR
        ? packet(HANDLE, id, text('h'))
        : packet(NAME, id, number(500), ...Array.from({ length: 500 }, (_, i) => entry(`${i}.csv`, 1)))
    await using there = await remote()
    await assert.rejects(there.list('.'), isFault('too_many'))
  })

  for (const [why, read, answerMs] of [
    ['more than was asked for', (id: Buffer) => packet(DATA, id, text('x'.repeat(40_000)))],
    ['more than the file has', (id: Buffer) => packet(DATA, id, text('x'.repeat(11)))],
    ['less than the file has', (id: Buffer) => packet(STATUS, id, number(1), text(''), text(''))],
    ['nothing in place of data', (id: Buffer) => packet(DATA, id, text(''))],
    ['a packet of 2 GB', () => Buffer.of(0x7f, 0xff, 0xff, 0xff, DATA)],
    ['a packet of less than nothing', () => Buffer.of(0x80, 0, 0, 0, DATA)],
    ['an empty packet', () => Buffer.alloc(8)],
    ['a packet that is cut', (id: Buffer) => packet(DATA, id, number(4000), Buffer.of(1))],
    ['an answer to nothing', () => packet(DATA, number(4_000_000_000), text('x')), SHORT_MS],
    ['an answer of another kind', (id: Buffer) => packet(NAME, id, number(1), entry('x', 1))],
    ['an answer that no client asks for', (id: Buffer) => packet(77, id)],
    ['a second greeting', () => packet(VERSION, number(3))],
  ] satisfies [string, (id: Buffer) => Buffer, number?][])
    it(`is not believed when it sends ${why}`, async () => {
      answer = (type, id) => {
        if (type === OPEN) return packet(HANDLE, id, text('h'))
        if (type === READ) return read(id)
        return type === FSTAT ? packet(ATTRS, id, attributes(10)) : packet(STATUS, id, number(0), text(''), text(''))
      }
      await using there = await remote(answerMs)
      await assert.rejects(async () => {
        for await (const _ of there.read('.', { name: 'people.csv', bytes: 10, modified: 7 }));
      }, Error)
    })
})

const [OPEN, READ, FSTAT, OPENDIR, READDIR] = [3, 5, 8, 11, 12]

function isFault(code: string) {
  return (error: unknown) => error instanceof PickUpFault && error.code === code
}

function packet(type: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.of(type), ...parts])
  return Buffer.concat([number(body.length), body])
}

function entry(name: string, bytes: number): Buffer {
  return Buffer.concat([text(name), text(`-rw-r--r-- ${name}`), attributes(bytes)])
}

/** Size, rights and times. */
function attributes(bytes: number): Buffer {
  return Buffer.concat([number(0x0d), number(0), number(bytes), number(PLAIN), number(7), number(7)])
}

function text(value: string): Buffer {
  return Buffer.concat([number(Buffer.byteLength(value)), Buffer.from(value)])
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
