/**
 * One person, many writers at once: through HTTP, and through two processes on one store.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Answer } from './server.ts'
import { Server } from './server.ts'
import { forEachStore } from './stores.ts'

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User'
const AT_ONCE = 200

const statuses = (answers: readonly Answer[]) => {
  const counts: { [status: number]: number } = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

await forEachStore((name, place) => {
  describe(`one person, many writers, on ${name}`, () => {
    let servers: readonly [Server, Server]
    before(async () => {
      const databaseUrl = place().url
      const first = await Server.start({ databaseUrl })
      const second = await Server.beside(databaseUrl, first.token)
      await second.serve()
      servers = [first, second]
    })
    after(async () => {
      for (const server of servers) await server[Symbol.asyncDispose]()
    })

    for (const [where, pick] of [
      ['one process', () => servers[0]],
      ['two processes', (index: number) => servers[index % 2] as Server],
    ] as const) {
      it(`${AT_ONCE} creates of one userName at once make one person: ${where}`, async () => {
        const userName = `${where}@uni.edu`
        const answers = await Promise.all(
          Array.from({ length: AT_ONCE }, (_, index) => pick(index).request('POST', '/Users', { schemas: [USER], userName })),
        )
        assert.deepEqual(statuses(answers), { 201: 1, 409: AT_ONCE - 1 })
        const { body } = await servers[0].request('GET', `/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`)
        assert.equal(body.totalResults, 1)
      })

      it(`${AT_ONCE} PATCHes at once that each add an e-mail lose none: ${where}`, async () => {
        const made = await servers[0].request('POST', '/Users', { schemas: [USER], userName: `patched ${where}@uni.edu` })
        const answers = await Promise.all(
          Array.from({ length: AT_ONCE }, (_, index) =>
            pick(index).request('PATCH', `/Users/${made.body.id}`, {
              schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
              Operations: [{ op: 'add', path: 'emails', value: [{ type: 'other', value: `${where}-${index}@uni.edu` }] }],
            }),
          ),
        )
        assert.deepEqual(statuses(answers), { 200: AT_ONCE })
        const { body } = await servers[1].request('GET', `/Users/${made.body.id}`)
        assert.equal(new Set((body.emails as { value: string }[]).map(({ value }) => value)).size, AT_ONCE)
      })
    }
  })
})
