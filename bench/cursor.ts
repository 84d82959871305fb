/**
 * Whether a page by cursor takes the same time from the first to the last: all users, listed once.
 */
import { median, say, sayRatio, table } from './figures.ts'
import { fillRoll } from './roll.ts'
import { openFolder, startMatricula } from './servers.ts'

export type CursorOptions = { readonly users: number; readonly progress: (text: string) => void }

const PAGE = 200
const PARTS = 10

export async function measureCursor({ users, progress }: CursorOptions): Promise<string> {
  await using folder = await openFolder()
  await fillRoll(folder.path, users, progress)
  await using server = await startMatricula(folder.path)
  const times: number[] = []
  let seen = 0
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const began = performance.now()
    const answer = await fetch(`${server.url}/Users?count=${PAGE}&cursor=${cursor}`, {
      headers: { authorization: `Bearer ${server.token}` },
    })
    const page = (await answer.json()) as { readonly Resources?: readonly unknown[]; readonly nextCursor?: string }
    if (answer.status !== 200) throw new Error(`a page was answered ${answer.status}`)
    times.push(performance.now() - began)
    seen += page.Resources?.length ?? 0
    cursor = page.nextCursor
  }
  if (seen !== users) throw new Error(`${seen} of ${users} users were listed`)
  const parts = Array.from({ length: PARTS }, (_, part) => {
    return median(times.slice(Math.floor((times.length * part) / PARTS), Math.ceil((times.length * (part + 1)) / PARTS)))
  })
  const rows = parts.map((p50, part) => [`tenth ${part + 1}`, say(p50), sayRatio(p50 / (parts[0] ?? Number.NaN))])
  return `## Pages by cursor\n\np50 of a page of ${PAGE} in ms, of ${say(users)} users\n\n${table(['', 'ms', 'to the first'], rows)}\n`
}
