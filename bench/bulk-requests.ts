/**
 * 1,000 new people in one bulk request, and the same number in requests of their own over 16 connections.
 */
import { Connection } from './connection.ts'
import { median, say, sayRatio, table } from './figures.ts'
import { Subject } from './generate.ts'
import { personOf } from './people.ts'
import type { Server } from './servers.ts'
import { openFolder, startMatricula } from './servers.ts'

export type BulkRequestsOptions = { readonly rounds: number; readonly progress: (text: string) => void }

const PEOPLE = 1000
/** Apart from those that the load generator makes. */
const FIRST = 10_000_000

export async function measureBulkRequests({ rounds, progress }: BulkRequestsOptions): Promise<string> {
  await using folder = await openFolder()
  await using server = await startMatricula(folder.path)
  const subject = new Subject(server, folder.path)
  const single: number[] = []
  const together: number[] = []
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    const { perSecond, wrong } = await subject.run({ operation: 'create', requests: PEOPLE, seconds: 600 })
    if (Object.keys(wrong).length > 0) throw new Error(`creates were answered ${JSON.stringify(wrong)}`)
    const bulk = PEOPLE / (await secondsOfBulk(server, FIRST + round * PEOPLE))
    progress(`${say(perSecond)} and ${say(bulk)} people a second`)
    if (round === 0) continue
    single.push(perSecond)
    together.push(bulk)
  }
  const rows = [
    ['16 connections', say(median(single)), '1.00'],
    ['one bulk request', say(median(together)), sayRatio(median(together) / median(single))],
  ]
  return `## Bulk requests\n\n${PEOPLE} new people, medians of ${rounds} rounds in turn\n\n${table(['', 'people /s', 'ratio'], rows)}\n`
}

async function secondsOfBulk({ url, token }: Server, from: number): Promise<number> {
  const { hostname, port, pathname, host } = new URL(url)
  const Operations = Array.from({ length: PEOPLE }, (_, index) => {
    return { method: 'POST', path: '/Users', bulkId: `u${index}`, data: personOf(from + index) }
  })
  const body = JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations })
  const connection = new Connection(hostname, Number(port))
  const began = performance.now()
  const reply = await connection.ask(
    `POST ${pathname}/Bulk HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/scim+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  const seconds = (performance.now() - began) / 1000
  connection.close()
  const done = reply.body.toString().match(/"status":"201"/g)?.length ?? 0
  if (reply.status !== 200 || done !== PEOPLE)
    throw new Error(`the bulk request was answered ${reply.status}, ${done} people made`)
  return seconds
}
