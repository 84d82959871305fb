/**
 * A connection to a MongoDB server at which chosen requests go wrong, or wait until something else has happened.
 */
import type { AddressInfo, Socket } from 'node:net'
import { createConnection, createServer } from 'node:net'

export type Wire = {
  readonly port: number
  readonly losses: number
  /** The next request that holds this text reaches the server, but its answer is lost with the connection. */
  loseAnswer(text: string): void
  loseRequest(text: string): void
  /** The next request that holds this text reaches the server when this is done. */
  before(text: string, happens: (request: Buffer) => Promise<unknown>): void
  close(): void
}

type Plan = { readonly text: string } & (
  | { readonly what: 'answer' | 'request' }
  | { readonly what: 'wait'; readonly happens: (request: Buffer) => Promise<unknown> }
)

/** @param largest how many bytes of a document the server is said to take, in place of 16 MB */
export async function wireTo(host: string, port: number, largest?: number): Promise<Wire> {
  const sockets = new Set<Socket>()
  let plan: Plan | undefined
  let losses = 0

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
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => other.destroy())
    }
    near.on('data', async (request) => {
      const found = planned(request)
      if (found?.what === 'wait') {
        near.pause()
        await found.happens(request)
        near.resume()
      } else if (found !== undefined) {
        losses++
        if (found.what === 'request') return near.destroy()
        isLosing = true
      }
      return far.write(request)
    })
    far.on('data', (answer) => {
      if (largest !== undefined) say(answer, largest)
      return isLosing ? near.destroy() : near.write(answer)
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
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
