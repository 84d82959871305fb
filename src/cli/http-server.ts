/**
 * The HTTP server: opened, and closed only after what it had accepted is answered.
 */
import { once } from 'node:events'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { createAdaptorServer } from '@hono/node-server'
import { RequestInPieces } from '../limits/request-in-pieces.ts'
import { NumberedResponse } from '../observe/numbered-response.ts'
import type { Exchange, Fetch } from '../observe/requests.ts'
import { Refusal } from './command.ts'

export type HttpServer = AsyncDisposable & {
  /** The one in use when any free one was asked for. */
  readonly port: number
}

const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 20_000,
  // A stream of people may take hours; other bodies have a time of their own (`limits/body.ts`).
  requestTimeout: 0,
  // Longer than the 60 s after which load balancers drop an idle connection: it must not be us who closes it first.
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5000,
} as const

/** How long an answer may lie here of which nothing is read; Node looks twice. */
const UNREAD_MS = 30_000

/**
 * How many requests of a connection may wait behind one that is not answered yet. Hardly a client sends any, and Node
 * begins with all that come in one packet.
 */
const MOST_BEHIND = 10

/** How long closing waits for requests under way. */
const DRAIN_MS = 10_000

/**
 * @param fetchFor makes the app once the port is known
 * @throws {Refusal} when the address cannot be had, with what to do about it
 */
export async function openHttpServer(
  { host, port, unreadMs = UNREAD_MS }: { readonly host: string; readonly port: number; readonly unreadMs?: number },
  fetchFor: (port: number) => Fetch,
): Promise<HttpServer> {
  let serve: Fetch | undefined
  const mayWait = boundBehind()
  const server = createAdaptorServer({
    // The answer is a NumberedResponse because the server is told to make no other.
    fetch: (request, exchange) =>
      mayWait(exchange as HttpBindings) ? serve?.(request, exchange as unknown as Exchange) : NOT_SERVED,
    serverOptions: { ...LIMITS, IncomingMessage: RequestInPieces, ServerResponse: NumberedResponse },
  }) as Server
  dropUnread(server, unreadMs)
  await listen(server, host, port)
  const { port: actual } = server.address() as AddressInfo
  serve = fetchFor(actual)
  return { port: actual, [Symbol.asyncDispose]: () => close(server) }
}

/** Seen by nobody: the connection is cut. */
const NOT_SERVED = new Response(null, { status: 503 })

/** @returns whether a request is served; a connection that sends too many before it has its answers is cut */
function boundBehind(): (exchange: HttpBindings) => boolean {
  const behind = new WeakMap<Socket, number>()
  return ({ incoming: { socket }, outgoing }) => {
    // An answer gets its connection when those before it are out.
    if (outgoing.socket !== null) return true
    const count = (behind.get(socket) ?? 0) + 1
    behind.set(socket, count)
    outgoing.once('close', () => behind.set(socket, (behind.get(socket) ?? 1) - 1))
    if (count > MOST_BEHIND) socket.destroy()
    return count <= MOST_BEHIND
  }
}

/** Whoever asks and never reads would keep the answer here. A stream that is only quiet has nothing lying here. */
function dropUnread(server: Server, unreadMs: number): void {
  server.timeout = unreadMs
  server.on('request', (_, answer: ServerResponse) => {
    answer.on('timeout', (socket: Socket) => {
      if (socket.writableLength > 0) socket.destroy()
    })
  })
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw cannotListen(error, { host, port, variables: { host: 'HOST', port: 'PORT' } })
  }
}

type Listening = {
  readonly host: string
  readonly port: number
  /** By which it is set where to listen. */
  readonly variables: { readonly host: string; readonly port: string }
}

/** What the operating system says to listening somewhere, and what to do about it. */
export function cannotListen(error: unknown, { host, port, variables }: Listening): Refusal {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const place = `port ${port} at ${host}`
  const refusal = (message: string) => new Refusal(message, { cause: error })
  if (code === 'EADDRINUSE')
    return refusal(`${place} is in use by another program: stop that one, or set ${variables.port} to another port`)
  if (code === 'EACCES') return refusal(`${place} may not be used by this account: set ${variables.port} to one above 1023`)
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return refusal(`this machine has no address ${host}: set ${variables.host} to one it has, for example 127.0.0.1`)
  return refusal(`${place} cannot be listened at: ${error instanceof Error ? error.message : error}`)
}

/** Takes nothing new, answers what is under way, and waits no longer than the bound. */
async function close(server: Server): Promise<void> {
  const isClosed = once(server, 'close')
  server.close()
  const patience = new AbortController()
  const idle = closeIdle(server, patience.signal)
  const bound = pause(DRAIN_MS, undefined, { signal: patience.signal }).catch(() => {})
  await Promise.race([isClosed, bound])
  server.closeAllConnections()
  patience.abort()
  await Promise.all([isClosed, idle])
}

/** A connection whose last answer is out stays open for the next request unless somebody closes it. */
async function closeIdle(server: Server, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    server.closeIdleConnections()
    await pause(50, undefined, { signal }).catch(() => {})
  }
}
