/**
 * Many sign-ins at once, through two processes on one store.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { answerFor, begin, post } from './saml/visitor.ts'
import { ADA, IDP_SETTINGS } from './saml/web.ts'
import { Server } from './server.ts'
import { forEachStore } from './stores.ts'

const AT_ONCE = 100

// Both are one service to the world: they share its name and its secret.
process.env.PUBLIC_URL = 'https://roll.example'
process.env.SECRET_KEY = 'a secret key for two processes'

await forEachStore((name, place) => {
  describe(`many sign-ins at once, through two processes, on ${name}`, () => {
    const open = new AsyncDisposableStack()
    let servers: readonly [Server, Server]
    before(async () => {
      const databaseUrl = place().url
      const first = open.use(
        await Server.start({ databaseUrl, settings: { saml: { idp: IDP_SETTINGS, allowUnsolicited: true } } }),
      )
      const second = open.use(await Server.beside(databaseUrl))
      await second.serve()
      servers = [first, second]
    })
    after(() => open.disposeAsync())

    const service = (turn: number) => ({
      origin: servers[turn % 2 === 0 ? 0 : 1].origin,
      publicUrl: 'https://roll.example',
      institution: 'test-uni',
    })
    const turns = Array.from({ length: AT_ONCE }, (_, turn) => turn)

    async function sent(
      answers: readonly Promise<Response>[],
    ): Promise<{ readonly statuses: readonly number[]; readonly sessions: number }> {
      const all = await Promise.all(answers)
      await Promise.all(all.map((one) => one.arrayBuffer()))
      const sessions = new Set(
        all.flatMap((one) => one.headers.getSetCookie()).filter((line) => line.startsWith('__Host-session')),
      )
      return { statuses: all.map(({ status }) => status).sort(), sessions: sessions.size }
    }

    it(`${AT_ONCE} first sign-ins of one person make one record`, async () => {
      const begun = await Promise.all(turns.map((turn) => begin(service(turn + 1))))
      const bodies = begun.map(({ id }) => answerFor(service(0), id))
      const { statuses, sessions } = await sent(
        turns.map((turn) => post(service(turn), String(bodies[turn]), begun[turn]?.cookie)),
      )
      assert.deepEqual(
        statuses,
        turns.map(() => 303),
      )
      assert.equal(sessions, AT_ONCE)
      const headers = { authorization: `Bearer ${await servers[0].makeToken('api')}` }
      const { users } = (await (await fetch(`${servers[1].api}/users`, { headers })).json()) as { users: object[] }
      assert.equal(users.length, 1)
    })

    for (const isAsked of [true, false]) {
      it(`one answer, posted ${AT_ONCE} times at once, makes one session${isAsked ? '' : ', though nobody asked for it'}`, async () => {
        const { id, cookie } = await begin(service(0))
        const body = answerFor(service(0), isAsked ? id : undefined, { ...ADA, uid: ['eve'], mail: ['eve@uni.example'] })
        const { statuses, sessions } = await sent(turns.map((turn) => post(service(turn), body, cookie)))
        assert.deepEqual(statuses, [303, ...turns.slice(1).map(() => 403)])
        assert.equal(sessions, 1)
      })
    }
  })
})
