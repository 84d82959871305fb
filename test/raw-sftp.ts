/**
 * A client of SFTP that is made by hand: it sends any bytes, right or wrong, and shows what comes back.
 */
import type { ClientChannel, ConnectConfig, Client as SshClient } from 'ssh2'
import { signIn } from './drop-box.ts'

export type Answer = { readonly type: number; readonly body: Buffer }

/** Of draft-ietf-secsh-filexfer-02 section 3. */
export const REQUEST = {
  INIT: 1,
  OPEN: 3,
  CLOSE: 4,
  READ: 5,
  WRITE: 6,
  LSTAT: 7,
  FSTAT: 8,
  SETSTAT: 9,
  FSETSTAT: 10,
  OPENDIR: 11,
  READDIR: 12,
  REMOVE: 13,
  MKDIR: 14,
  RMDIR: 15,
  REALPATH: 16,
  STAT: 17,
  RENAME: 18,
  READLINK: 19,
  SYMLINK: 20,
  EXTENDED: 200,
} as const

/** The answer to INIT, which has no id. */
const VERSION = 2

export const ANSWER = { STATUS: 101, HANDLE: 102, DATA: 103, NAME: 104, ATTRS: 105 } as const

export class RawSftp implements AsyncDisposable {
  readonly ssh: SshClient
  readonly channel: ClientChannel
  readonly closed: Promise<void>
  readonly #waiting = new Map<number, (answer: Answer | undefined) => void>()
  #received = Buffer.alloc(0)
  #lastId = 0
  #isOver = false

  private constructor(ssh: SshClient, channel: ClientChannel) {
    this.ssh = ssh
    this.channel = channel
    channel.on('data', (piece: Buffer) => this.#take(piece)).on('error', () => {})
    channel.once('close', () => this.#end())
    this.closed = new Promise((resolve) => ssh.once('close', () => resolve()))
  }

  static async open(config: ConnectConfig): Promise<RawSftp> {
    const ssh = await signIn(config)
    ssh.on('error', () => {}).setNoDelay(true)
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      ssh.subsys('sftp', (error, opened) => (error ? reject(error) : resolve(opened))),
    )
    const raw = new RawSftp(ssh, channel)
    raw.send(packet(REQUEST.INIT, number(3)))
    return raw
  }

  send(bytes: Buffer): void {
    this.channel.write(bytes)
  }

  /** @returns undefined when the channel was closed instead of an answer */
  ask(type: number, ...parts: readonly Buffer[]): Promise<Answer | undefined> {
    if (this.#isOver) return Promise.resolve(undefined)
    const id = ++this.#lastId
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.send(packet(type, number(id), ...parts))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ssh.end()
    await this.closed
  }

  #take(piece: Buffer): void {
    this.#received = Buffer.concat([this.#received, piece])
    while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readUInt32BE()) {
      const end = 4 + this.#received.readUInt32BE()
      const [type = 0, body] = [this.#received[4], this.#received.subarray(5, end)]
      this.#received = this.#received.subarray(end)
      if (type === VERSION || body.length < 4) continue
      const id = body.readUInt32BE()
      this.#waiting.get(id)?.({ type, body: body.subarray(4) })
      this.#waiting.delete(id)
    }
  }

  #end(): void {
    this.#isOver = true
    for (const resolve of this.#waiting.values()) resolve(undefined)
    this.#waiting.clear()
  }
}

export function packet(type: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.of(type), ...parts])
  return Buffer.concat([number(body.length), body])
}

export function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([number(bytes.length), bytes])
}

export function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function long(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}
