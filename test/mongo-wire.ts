/**
 * A connection to a MongoDB server at which chosen requests go wrong, or wait until something else has happened.
 */
import type { AddressInfo, Socket } from 'node:net'
import { createConnection, createServer } from 'node:net'
import type { Document } from 'mongodb'
import { BSON } from 'mongodb'

export type Wire = {
  readonly port: number
  readonly losses: number
  /** The next request that holds this text reaches the server, but its answer is lost with the connection. */
  loseAnswer(text: string): void
  loseRequest(text: string): void
  /** The next request that holds this text reaches the server when this is done. */
  before(text: string, happens: (request: Buffer) => Promise<unknown>): void
  /** The next request that holds this text is answered with what this makes of the server's answer. */
  amend(text: string, change: Change): void
  /** From now on nothing comes through, and nobody is told: as when the machine of the server has lost its power. */
  silence(): void
  close(): void
}

type Change = (answer: Document) => Document

type Plan = { readonly text: string } & (
  | { readonly what: 'answer' | 'request' }
  | { readonly what: 'wait'; readonly happens: (request: Buffer) => Promise<unknown> }
  | { readonly what: 'amend'; readonly change: Change }
)

/** @param largest how many bytes of a document the server is said to take, in place of 16 MB */
export async function wireTo(host: string, port: number, largest?: number): Promise<Wire> {
  const sockets = new Set<Socket>()
  let plan: Plan | undefined
  let losses = 0
  let isSilent = false

  /** @returns what is planned for this request, once */
  function planned(request: Buffer): Plan | undefined {
    if (plan === undefined || !request.includes(plan.text)) return
    const found = plan
    plan = undefined
    return found
  }

  const proxy = createServer((near) => {
    const far = createConnection({ host, port })
    let isLosing = false
    let change: Change | undefined
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => other.destroy())
    }
    near.on('data', async (request) => {
      if (isSilent) return
      const found = planned(request)
      if (found?.what === 'wait') {
        near.pause()
        await found.happens(request)
        near.resume()
      } else if (found?.what === 'amend') {
        change = found.change
      } else if (found !== undefined) {
        losses++
        if (found.what === 'request') return near.destroy()
        isLosing = true
      }
      return far.write(request)
    })
    far.on('data', (answer) => {
      if (isSilent) return
      if (largest !== undefined) say(answer, largest)
      if (isLosing) return near.destroy()
      const amended = change === undefined ? answer : amend(answer, change)
      change = undefined
      return near.write(amended)
    })
  })
  await new Promise<void>((resolve) => proxy.unref().listen(0, '127.0.0.1', resolve))
  return {
    port: (proxy.address() as AddressInfo).port,
    get losses() {
      return losses
    },
    loseAnswer(text) {
      plan = { text, what: 'answer' }
    },
    loseRequest(text) {
      plan = { text, what: 'request' }
    },
    before(text, happens) {
      plan = { text, what: 'wait', happens }
    },
    amend(text, change) {
      plan = { text, what: 'amend', change }
    },
    silence() {
      isSilent = true
    },
    close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}

const LARGEST = 'maxBsonObjectSize\0'

/** What a greeting says of documents, which is what the driver goes by. */
function say(answer: Buffer, largest: number): void {
  const at = answer.indexOf(LARGEST)
  if (at >= 0) answer.writeInt32LE(largest, at + LARGEST.length)
}

/** Of a message: its header, its flags and the kind of its one section. */
const BEFORE_DOCUMENT = 16 + 4 + 1

/** The document that a request or an answer is, without those that follow it apart. */
export function documentOf(message: Buffer): Document {
  return BSON.deserialize(message.subarray(BEFORE_DOCUMENT), { allowObjectSmallerThanBufferSize: true, promoteLongs: false })
}

function amend(answer: Buffer, change: Change): Buffer {
  const amended = Buffer.concat([answer.subarray(0, BEFORE_DOCUMENT), BSON.serialize(change(documentOf(answer)))])
  amended.writeInt32LE(amended.length)
  return amended
}
