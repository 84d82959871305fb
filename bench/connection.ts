/**
 * One HTTP/1.1 connection of the load generator: raw, because a full client would cost more than the servers it measures.
 * Understands what JSON servers answer: a status, and a body by content-length or in chunks. A connection that the
 * server closes, as busy ones do with those that they think idle, is opened again and the request sent once more.
 */
import type { Socket } from 'node:net'
import { connect } from 'node:net'

export type Reply = { readonly status: number; readonly body: Buffer }

type Head = { readonly status: number; readonly start: number; readonly length: number | undefined }

const HEAD_END = Buffer.from('\r\n\r\n')
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n')

export class Connection {
  readonly #host: string
  readonly #port: number
  #socket: Socket
  #chunks: Buffer[] = []
  #bytes = 0
  #head: Head | undefined
  #isClosed = false
  #waiting:
    | {
        readonly request: string
        readonly isAgain: boolean
        readonly resolve: (reply: Reply) => void
        readonly reject: (error: Error) => void
      }
    | undefined

  constructor(host: string, port: number) {
    this.#host = host
    this.#port = port
    this.#socket = this.#connect()
  }

  /** Sends a whole request; one at a time. */
  ask(request: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting = { request, isAgain: false, resolve, reject }
      this.#socket.write(request)
    })
  }

  #connect(): Socket {
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true })
    socket.on('data', (chunk) => this.#take(chunk))
    // What went wrong shows in that it is closed.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#reopen(socket))
    return socket
  }

  #reopen(socket: Socket): void {
    if (socket !== this.#socket || this.#isClosed) return
    const waiting = this.#waiting
    if (waiting?.isAgain) {
      waiting.reject(new Error('the server closed the connection twice'))
      return
    }
    this.#chunks = []
    this.#bytes = 0
    this.#head = undefined
    this.#socket = this.#connect()
    if (waiting === undefined) return
    this.#waiting = { ...waiting, isAgain: true }
    this.#socket.write(waiting.request)
  }

  close(): void {
    this.#isClosed = true
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#head === undefined) {
      this.#join()
      this.#head = headOf(this.#chunks[0] as Buffer)
    }
    const head = this.#head
    if (head === undefined || !this.#isComplete(head, chunk)) return
    const all = this.#join()
    const waiting = this.#waiting
    this.#chunks = []
    this.#bytes = 0
    this.#head = undefined
    this.#waiting = undefined
    waiting?.resolve({
      status: head.status,
      body: head.length === undefined ? unchunk(all, head.start) : all.subarray(head.start),
    })
  }

  #isComplete(head: Head, chunk: Buffer): boolean {
    if (head.length !== undefined) return this.#bytes >= head.start + head.length
    if (chunk.length < LAST_CHUNK.length) this.#join()
    const end = this.#chunks.at(-1) as Buffer
    return end.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)
  }

  #join(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] as Buffer
  }
}

function headOf(bytes: Buffer): Head | undefined {
  const end = bytes.indexOf(HEAD_END)
  if (end < 0) return undefined
  const text = bytes.toString('latin1', 0, end)
  const status = Number(text.slice(9, 12))
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
  const hasNone = status === 204 || status === 304
  return { status, start: end + HEAD_END.length, length: hasNone ? 0 : length === undefined ? undefined : Number(length) }
}

function unchunk(bytes: Buffer, start: number): Buffer {
  const parts: Buffer[] = []
  let at = start
  for (;;) {
    const end = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}
