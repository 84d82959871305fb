/**
 * A connection that fails as connections do: it passes bytes on between a client and a server until it is told to cut
 * itself, or to go silent.
 */
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

export type BrokenLine = AsyncDisposable & {
  readonly port: number
  /** How many connections there were. */
  connections(): number
  /** From the next connection on: what happens when so many bytes have come from the server. */
  failAfter(bytes: number, how: 'cut' | 'silent'): void
  heal(): void
}

export async function brokenLine(serverPort: number): Promise<BrokenLine> {
  let failure: { readonly bytes: number; readonly how: 'cut' | 'silent' } | undefined
  let count = 0
  const open = new Set<Socket>()
  const server = createServer((client) => {
    count++
    const [fails, upstream] = [failure, connect(serverPort, '127.0.0.1')]
    let passed = 0
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket
        .on('error', () => {})
        .on('close', () => {
          open.delete(socket)
          client.destroy()
          upstream.destroy()
        })
    }
    client.pipe(upstream)
    upstream.on('data', (piece) => {
      passed += piece.length
      if (fails === undefined || passed <= fails.bytes) client.write(piece)
      else if (fails.how === 'cut') client.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    failAfter: (bytes, how) => {
      failure = { bytes, how }
    },
    heal: () => {
      failure = undefined
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
