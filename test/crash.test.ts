/**
 * The process dies under load, again and again: what was answered is there, with its event, and nobody is there twice.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { User } from '../src/directory/user.ts'
import { EVERYTHING } from '../src/store/predicate.ts'
import type { Doc, Store } from '../src/store/store.ts'
import { Server } from './server.ts'
import { forEachStore } from './stores.ts'

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
const CRASHES = Number(process.env.CRASHES ?? 5)
/** A new roll now and then, since one of the stores looks through the whole of it for each question. */
const CRASHES_A_ROLL = 10
const WRITERS = 8
const WRITES_BEFORE_KILL = 60

type Known = { readonly id: string; title?: string }

await forEachStore((name, place) => {
  describe(`a server that is killed under load, on ${name}`, () => {
    it(`loses no answered write and doubles nobody, ${CRASHES} times`, async () => {
      for (let done = 0; done < CRASHES; done += CRASHES_A_ROLL) {
        const { url, open } = place()
        await using server = await Server.start({ databaseUrl: url })
        const answered = new Map<string, Known>()
        for (let round = done; round < Math.min(CRASHES, done + CRASHES_A_ROLL); round++) {
          await killUnderLoad(server, round, answered)
          await server.serve()
        }
        await using store = await open()
        await assertAllThere(store, answered)
      }
    })
  })
})

/** Some writers each create people and give them titles, until so many answers have come; then the process is killed. */
async function killUnderLoad(server: Server, round: number, answered: Map<string, Known>): Promise<void> {
  let answers = 0
  let killed: Promise<void> | undefined
  const counted = () => {
    if (++answers >= WRITES_BEFORE_KILL) killed ??= server.kill()
  }
  const writer = async (writerId: number) => {
    for (let n = 0; killed === undefined; n++) {
      const userName = `r${round}-w${writerId}-${n}@uni.edu`
      const made = await server.request('POST', '/Users', { schemas: [USER], userName })
      assert.equal(made.status, 201)
      answered.set(userName, { id: String(made.body.id) })
      counted()
      const patched = await server.request('PATCH', `/Users/${made.body.id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path: 'title', value: `${n}` }],
      })
      assert.equal(patched.status, 200)
      answered.set(userName, { id: String(made.body.id), title: `${n}` })
      counted()
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: WRITERS }, (_, id) => writer(id)))
  await killed
  for (const result of ended)
    if (result.status === 'rejected') assert.ok(result.reason instanceof TypeError, String(result.reason))
}

async function assertAllThere(store: Store, answered: ReadonlyMap<string, Known>): Promise<void> {
  const [institution] = await store.find('institutions', '*', { where: EVERYTHING, limit: 1 })
  const all = async (collection: 'users' | 'events'): Promise<Doc[]> =>
    store.find(collection, String(institution?._id), { where: EVERYTHING, limit: 100_000 })
  const users = (await all('users')) as User[]
  const byName = new Map(users.map((user) => [user.resource.userName, user]))
  assert.equal(byName.size, users.length, 'nobody is there twice')
  for (const [userName, { id, title }] of answered) {
    const user = byName.get(userName)
    assert.equal(user?._id, id, `${userName} was answered`)
    if (title !== undefined) assert.equal(user?.resource.title, title)
  }
  const events = await all('events')
  assert.equal(new Set(events.map(({ _id }) => _id)).size, events.length)
  for (const user of users) {
    const own = events.filter(({ subject }) => subject === user._id)
    assert.deepEqual(
      own.map(({ kind }) => kind),
      user.resource.title === undefined ? ['user.created'] : ['user.created', 'user.updated'],
    )
    assert.equal(own.at(-1)?._id, user.version)
  }
}
