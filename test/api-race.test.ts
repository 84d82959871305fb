import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { EVERYTHING } from '../src/store/predicate.ts'
import type { Store } from '../src/store/store.ts'
import type { Api } from './api-client.ts'
import { apiOver } from './api-client.ts'
import { anInstitution } from './builders.ts'
import { forEachStore } from './stores.ts'

const CLIENTS = 100
const PEOPLE = 30
const EACH = 6

/** Which keys a client knows of a person besides the e-mail. */
const KNOWN = [[], ['netid'], ['netid2'], ['netid3'], ['netid', 'netid2'], ['netid', 'netid2', 'netid3']] as const

await forEachStore((name, place) => {
  describe(`a hundred clients at once on ${name}`, () => {
    let store: Store
    let other: Store
    before(async () => {
      const { open } = place()
      store = await open()
      other = await open()
    })
    after(async () => {
      await store[Symbol.asyncDispose]()
      await other[Symbol.asyncDispose]()
    })

    it('sending overlapping people through two servers end with one record a person', async () => {
      const institution = anInstitution({ rateLimit: { perSecond: 0 } })
      const servers = [apiOver(store, institution), apiOver(other, institution)] as const
      const outcomes = (
        await Promise.all(Array.from({ length: CLIENTS }, (_, client) => send(servers[client % 2] as Api, client)))
      ).flat()
      assert.equal(outcomes.filter((outcome) => outcome === 'created').length, PEOPLE)
      assert.deepEqual(new Set(outcomes), new Set(['created', 'updated', 'unchanged']))
      assert.equal(await store.count('users', institution._id, EVERYTHING), PEOPLE)
      const { body } = await servers[0].get(`/users?limit=${PEOPLE}`)
      for (const { user } of body.users) {
        const number = /\d+/.exec(String(user.email))?.[0]
        assert.partialDeepStrictEqual(user, personOf(Number(number), KNOWN[5]))
      }
    })
  })
})

/** Every second client sends its people one by one, the others as a batch; whoever is told to come again does. */
async function send(api: Api, client: number): Promise<string[]> {
  const people = Array.from({ length: EACH }, (_, index) => personOf((client * 7 + index * 5) % PEOPLE, KNOWN[index] ?? []))
  if (client % 4 < 2) return Promise.all(people.map((person) => sendOne(api, person)))
  const { status, body } = await api.post('/users/batch', { users: people })
  if (status === 503) return send(api, client)
  const outcomes = body.results.map(({ outcome }) => outcome)
  return Promise.all(outcomes.map((outcome, index) => (outcome === 'failed' ? sendOne(api, people[index] ?? {}) : outcome)))
}

async function sendOne(api: Api, person: object): Promise<string> {
  const { status, body } = await api.post('/users', person)
  return status === 503 ? sendOne(api, person) : body.outcome
}

function personOf(number: number, keys: readonly string[]): object {
  const known = Object.fromEntries(keys.map((key) => [key, `${key}-${number}`]))
  return {
    ...known,
    email: `p${number}@uni.example`,
    first_name: `First${number}`,
    last_name: `Last${number}`,
    account_type: 'Student',
  }
}
