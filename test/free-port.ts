/**
 * Ports for servers that must be told theirs before they run. One that was only seen to be free can be anybody's until
 * its server has it, which takes seconds on a busy machine. So the process keeps a block of them for as long as it lives,
 * by listening at the first, from where no system takes a port for whoever wants just any.
 */
import { once } from 'node:events'
import type { Server } from 'node:net'
import { createServer } from 'node:net'

const [LOWEST, HIGHEST] = [10_000, 32_000]
const BLOCK = 20

const ours: number[] = []

/** @returns a port of 127.0.0.1 that nobody has, and that is given to nobody else while this process lives */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = ours.shift()
    if (port === undefined) ours.push(...(await keepBlock()))
    else if (await isFree(port)) return port
  }
}

/** @returns all ports of the block but the one that keeps it */
async function keepBlock(): Promise<number[]> {
  for (;;) {
    const first = LOWEST + BLOCK * Math.floor((Math.random() * (HIGHEST - LOWEST)) / BLOCK)
    const keeper = await listening(first)
    keeper?.unref()
    if (keeper !== undefined) return Array.from({ length: BLOCK - 1 }, (_, n) => first + 1 + n)
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = await listening(port)
  if (server === undefined) return false
  server.close()
  await once(server, 'close')
  return true
}

/** @returns undefined where somebody has it */
async function listening(port: number): Promise<Server | undefined> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return server
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
    throw error
  }
}
