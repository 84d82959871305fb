/**
 * Resident memory of the server while a whole roll is listed page by page.
 */
import { say, table } from './figures.ts'
import { residentMb } from './process.ts'
import { fillRoll } from './roll.ts'
import type { Server } from './servers.ts'
import { openFolder, startMatricula } from './servers.ts'

export type MemoryOptions = { readonly users: number; readonly progress: (text: string) => void }

const PAGE = 200
const PARTS = 10

export async function measureMemory({ users, progress }: MemoryOptions): Promise<string> {
  await using folder = await openFolder()
  await fillRoll(folder.path, users, progress)
  await using server = await startMatricula(folder.path)
  const atRest = await residentMb(server.pid)
  const rows: string[][] = []
  const all: number[] = []
  for (let part = 1; part <= PARTS; part++) {
    const [from, to] = [Math.floor((users * (part - 1)) / PARTS), Math.floor((users * part) / PARTS)]
    let most = 0
    for (let at = from; at < to; at += PAGE) {
      await readPage(server, at + 1, Math.min(PAGE, to - at))
      if (at % (PAGE * 10) === from % (PAGE * 10)) most = Math.max(most, await residentMb(server.pid))
    }
    most = Math.max(most, await residentMb(server.pid))
    progress(`${to} listed: ${say(most)} MB`)
    rows.push([say(to), say(most)])
    all.push(most)
  }
  const growth = (all.at(-1) ?? 0) - (all[0] ?? 0)
  const what = `MB resident, all threads, highest in each tenth; at rest ${say(atRest)}; last tenth to first: ${growth >= 0 ? '+' : ''}${growth.toFixed(0)}`
  return `## Memory\n\n${what}\n\n${table(['users listed', 'MB'], rows)}\n`
}

async function readPage(server: Server, startIndex: number, count: number): Promise<void> {
  const answer = await fetch(`${server.url}/Users?startIndex=${startIndex}&count=${count}`, {
    headers: { authorization: `Bearer ${server.token}` },
  })
  const { Resources = [] } = (await answer.json()) as { Resources?: unknown[] }
  if (answer.status !== 200 || Resources.length !== count) {
    throw new Error(`page at ${startIndex}: ${answer.status}, ${Resources.length} of ${count} users`)
  }
}
