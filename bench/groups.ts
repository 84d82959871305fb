/**
 * Whether a large group is as quick as a small one: adding one member, and reading the group without its members.
 */
import { join } from 'node:path'
import type { Change } from '../src/directory/change.ts'
import { openGate } from '../src/directory/gate.ts'
import type { Group } from '../src/directory/groups/group.ts'
import { joinEdit } from '../src/directory/groups/membership.ts'
import { openGroupWrites } from '../src/directory/groups/writes.ts'
import { EVERYTHING } from '../src/store/predicate.ts'
import { openSqlite } from '../src/store/sqlite/sqlite.ts'
import { Connection } from './connection.ts'
import { median, say, sayRatio, table } from './figures.ts'
import { fillRoll, institutionIn } from './roll.ts'
import type { Server } from './servers.ts'
import { openFolder, startMatricula } from './servers.ts'

export type GroupsOptions = {
  /** Members of the large group. */
  readonly users: number
  readonly rounds: number
  /** Of each operation in a round. */
  readonly requests: number
  readonly progress: (text: string) => void
}

const SMALL = 5
const PAGE = 1000

export async function measureGroups({ users, rounds, requests, progress }: GroupsOptions): Promise<string> {
  await using folder = await openFolder()
  const newcomers = 2 * rounds * requests
  await fillRoll(folder.path, users + newcomers, progress)
  const groups = { small: await formGroup(folder.path, 'Small', SMALL), large: await formGroup(folder.path, 'Large', users) }
  progress(`groups of ${SMALL} and ${users} are formed`)
  await using server = await startMatricula(folder.path)
  const outsiders = groups.large.outsiders.values()
  const adds = { small: [] as number[], large: [] as number[] }
  const reads = { small: [] as number[], large: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    for (const size of ['small', 'large'] as const) {
      const { id } = groups[size]
      adds[size].push(await p50(server, requests, () => addTo(id, outsiders.next().value ?? '')))
      reads[size].push(await p50(server, requests, () => ['GET', `/Groups/${id}?excludedAttributes=members`]))
    }
    progress(`round ${round + 1} of ${rounds}`)
  }
  const row = (name: string, { small, large }: typeof adds) => {
    return [name, say(median(small)), say(median(large)), sayRatio(median(large) / median(small))]
  }
  const rows = [row('add one member', adds), row('get without members', reads)]
  const what = `p50 in ms, one request at a time, medians of ${rounds} rounds in turn`
  return `## Size of a group\n\n${what}\n\n${table(['', `${SMALL} members`, `${say(users)} members`, 'ratio'], rows)}\n`
}

type Asked = readonly [method: string, path: string, body?: object]

function addTo(group: string, value: string): Asked {
  return ['PATCH', `/Groups/${group}`, { Operations: [{ op: 'add', path: 'members', value: [{ value }] }] }]
}

/** @returns the group, and ids of people who are not in it */
async function formGroup(
  folder: string,
  displayName: string,
  size: number,
): Promise<{ id: string; outsiders: readonly string[] }> {
  await using store = await openSqlite({ path: join(folder, 'roll.db') })
  const institution = await institutionIn(store)
  const gate = openGate(store)
  const edit = () => ({ displayName, binding: { state: 'bound' } }) as const
  const made = await openGroupWrites(store).write(institution._id, { target: { displayName }, source: 'scim', edit })
  if (made.kind !== 'created') throw new Error(`the group was ${made.kind}`)
  const join_ = joinEdit(made.group as Group)(undefined)
  const outsiders: string[] = []
  let joined = 0
  for (let last: string | undefined; ; ) {
    const page = await store.find('users', institution._id, {
      where: EVERYTHING,
      limit: PAGE,
      project: [],
      ...(last === undefined ? {} : { after: { id: last } }),
    })
    last = page.at(-1)?._id
    const ids = page.map(({ _id }) => _id)
    const joining = ids.slice(0, Math.max(0, size - joined))
    await gate.batch(
      institution,
      joining.map((id): Change => ({ target: { id }, intent: 'update', source: 'scim', edit: join_ })),
    )
    joined += joining.length
    outsiders.push(...ids.slice(joining.length))
    if (page.length < PAGE) return { id: made.group._id, outsiders }
  }
}

async function p50(server: Server, requests: number, next: () => Asked): Promise<number> {
  const { hostname, port, pathname, host } = new URL(server.url)
  const connection = new Connection(hostname, Number(port))
  const times: number[] = []
  for (let sent = 0; sent < requests; sent++) {
    const [method, path, body] = next()
    const text = body === undefined ? '' : JSON.stringify(body)
    const request = `${method} ${pathname}${path} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${server.token}\r\ncontent-type: application/scim+json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
    const began = performance.now()
    const reply = await connection.ask(request)
    times.push(performance.now() - began)
    if (reply.status !== 200 && reply.status !== 204) throw new Error(`${method} ${path}: ${reply.status} ${reply.body}`)
  }
  connection.close()
  return median(times)
}
