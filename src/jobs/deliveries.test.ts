import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { countingTrips } from '../../test/store-trips.ts'
import { forEachStore } from '../../test/stores.ts'
import type { Institution } from '../directory/institution.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import { HOUSE } from '../store/store.ts'
import type { Delivery, DeliveryOptions, Message, Send, Sent } from './deliveries.ts'
import { deliverDue, postMessages } from './deliveries.ts'

const START = Date.parse('2026-03-28T07:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const never = new AbortController().signal
const DELIVERED = { kind: 'delivered' } as const

const aMessage = (id: string): Message => ({ id, type: 'file.held', at: START, data: {}, subject: id, text: id })

await forEachStore((name, place) => {
  describe(`deliveries, on ${name}`, () => {
    let spot: ReturnType<typeof place>
    let store: Store
    let number = 0
    before(async () => {
      spot = place()
      store = await spot.open()
    })
    after(() => store[Symbol.asyncDispose]())

    /** An institution of its own, and a clock that the test sets. */
    async function aPost({ webhook = true, email = [] as string[], over = store } = {}) {
      const notify = { ...(webhook && { webhook: { url: 'https://uni.edu/', secret: '…' } }), email }
      const about = { _id: `uni-${number++}`, institution: HOUSE, version: '1', name: 'Uni', created: START, lastModified: START }
      const institution: Institution = { ...about, settings: { files: { notify } } }
      await store.write([{ collection: 'institutions', op: 'insert', doc: institution }])
      const clock = { at: START }
      const failures: [to: string, why: string, retryAt: number | undefined][] = []
      const now = () => clock.at
      const onFailed: DeliveryOptions['onFailed'] = ({ to }, why, retryAt) => failures.push([to.kind, why, retryAt])
      return {
        clock,
        failures,
        post: (...ids: string[]) =>
          postMessages(
            over,
            institution,
            ids.map((id) => aMessage(id)),
            clock.at,
          ),
        deliver: (senders: DeliveryOptions['senders'], over: Store = store, stop = never) =>
          deliverDue(institution._id, { store: over, senders, onFailed, now }, stop),
        kept: async () => (await store.find('deliveries', institution._id, { where: EVERYTHING, limit: 100 })) as Delivery[],
        events: () => store.find('events', institution._id, { where: EVERYTHING, limit: 100 }),
        tellNobody: async () => {
          const doc = { ...institution, version: '2', settings: {} }
          await store.write([{ collection: 'institutions', op: 'replace', doc, expected: institution.version }])
        },
      }
    }

    /** Remembers to whom it sent what; says how that went in turn. */
    function aSender(...answers: Sent[]) {
      const sent: string[] = []
      const send: Send = async ({ message, to }) => {
        sent.push(`${message.id} to ${to.kind === 'email' ? to.address : to.kind}`)
        return answers.shift() ?? DELIVERED
      }
      return { sent, senders: { webhook: send, email: send } }
    }

    it('of several messages are stored in one write', async () => {
      const { store: counted, tripsOf } = countingTrips(store)
      const { post } = await aPost({ email: ['a@uni.edu'], over: counted })
      assert.deepEqual((await tripsOf(() => post('1', '2', '3'))).calls, ['write deliveries'])
    })

    it('go to everybody who is to be told, oldest first, and are then done', async () => {
      const { post, deliver, kept } = await aPost({ email: ['a@uni.edu', 'b@uni.edu'] })
      await post('1', '2')
      const { sent, senders } = aSender()
      await deliver(senders)
      const to = ['a@uni.edu', 'b@uni.edu', 'webhook']
      assert.deepEqual(sent, [...to.map((one) => `1 to ${one}`), ...to.map((one) => `2 to ${one}`)])
      assert.deepEqual(await kept(), [])
      await deliver(senders)
      assert.equal(sent.length, 6)
    })

    it('are not held up by however many that wait for a process that can send them', async () => {
      const { post, deliver } = await aPost({ email: Array.from({ length: 60 }, (_, n) => `${n}@uni.edu`) })
      await post('1', '2')
      const { sent, senders } = aSender()
      await deliver({ webhook: senders.webhook })
      assert.deepEqual(sent, ['1 to webhook', '2 to webhook'])
    })

    it('go nowhere where nobody is to be told', async () => {
      const { post, kept } = await aPost({ webhook: false })
      await post('1')
      assert.deepEqual(await kept(), [])
    })

    it('are one, however often the same is posted', async () => {
      const { post, deliver } = await aPost()
      await post('1', '1')
      await post('1')
      const { sent, senders } = aSender()
      await deliver(senders)
      assert.deepEqual(sent, ['1 to webhook'])
    })

    it('that fail are tried again, ever more rarely, until they are given up after three days', async () => {
      const { post, deliver, clock, failures, kept, events } = await aPost()
      await post('1')
      const why = 'it answered 500'
      const { sent, senders } = aSender(...Array.from({ length: 100 }, () => ({ kind: 'failed', why }) as const))
      const waits: number[] = []
      for (let last = clock.at; (await kept()).length > 0; last = clock.at) {
        await deliver(senders)
        const retryAt = failures.at(-1)?.[2]
        if (retryAt === undefined) continue
        clock.at = retryAt - 1
        await deliver(senders)
        clock.at = retryAt
        waits.push(clock.at - last)
      }
      assert.equal(sent.length, failures.length)
      assert.deepEqual([...waits].sort((a, b) => a - b).slice(0, 5), waits.slice(0, 5))
      assert.ok((waits[0] ?? 0) >= MINUTE && (waits[0] ?? 0) <= 1.2 * MINUTE)
      assert.ok(clock.at - START >= 72 * HOUR && clock.at - START < 72 * HOUR + 12.1 * HOUR)
      assert.deepEqual(failures.at(-1), ['webhook', why, undefined])
      assert.deepEqual(
        (await events()).map(({ kind, subject, to }) => [kind, subject, to]),
        [['delivery.given_up', '1', 'webhook']],
      )
    })

    it('that fail hold up others of the same recipient until the next time, and of no other', async () => {
      const { post, deliver, clock, kept } = await aPost({ email: ['a@uni.edu'] })
      await post('1', '2')
      const { sent, senders } = aSender(DELIVERED, { kind: 'failed', why: 'down' })
      await deliver(senders)
      assert.deepEqual(sent, ['1 to a@uni.edu', '1 to webhook', '2 to a@uni.edu'])
      assert.equal((await kept()).length, 2)
      clock.at += 2 * MINUTE
      await deliver(senders)
      assert.deepEqual(sent.slice(3), ['1 to webhook', '2 to webhook'])
      assert.deepEqual(await kept(), [])
    })

    it('are all sent at once, however many there are for somebody who cannot be reached', async () => {
      const { post, deliver, failures } = await aPost({ email: ['a@uni.edu'] })
      const ids = Array.from({ length: 250 }, (_, n) => `${1000 + n}`)
      await post(...ids)
      const sent: string[] = []
      const webhook: Send = async () => ({ kind: 'failed', why: 'down' })
      const email: Send = async ({ message }) => {
        sent.push(message.id)
        return DELIVERED
      }
      await deliver({ webhook, email })
      assert.deepEqual([sent, failures.length], [ids, 1])
    })

    it('wait as long as the recipient asks, but no longer than a day', async () => {
      const { post, deliver, failures } = await aPost()
      await post('1')
      await deliver(aSender({ kind: 'failed', why: 'busy', notBeforeMs: 2 * HOUR }).senders)
      await post('2')
      await deliver(aSender({ kind: 'failed', why: 'busy', notBeforeMs: 1000 * HOUR }).senders)
      assert.deepEqual(
        failures.map(([, , retryAt]) => retryAt),
        [START + 2 * HOUR, START + 24 * HOUR],
      )
    })

    it('that are refused are given up at once', async () => {
      const { post, deliver, failures, kept } = await aPost()
      await post('1')
      await deliver(aSender({ kind: 'refused', why: 'gone' }).senders)
      assert.deepEqual([failures, await kept()], [[['webhook', 'gone', undefined]], []])
    })

    it('to somebody who was taken off the list are dropped', async () => {
      const { post, deliver, tellNobody, kept } = await aPost({ email: ['a@uni.edu'] })
      await post('1')
      await tellNobody()
      const { sent, senders } = aSender()
      await deliver(senders)
      assert.deepEqual([sent, await kept()], [[], []])
    })

    it('to somebody who is taken off the list while others are sent are dropped, too', async () => {
      const { post, deliver, tellNobody, kept } = await aPost()
      await post('1', '2')
      const sent: string[] = []
      const webhook: Send = async ({ message }) => {
        sent.push(message.id)
        await tellNobody()
        return DELIVERED
      }
      await deliver({ webhook })
      assert.deepEqual([sent, await kept()], [['1'], []])
    })

    it('wait for a process that can send them, and not for ever', async () => {
      const { post, deliver, clock, kept, failures } = await aPost({ email: ['a@uni.edu'] })
      await post('1')
      const { sent, senders } = aSender()
      await deliver({ webhook: senders.webhook })
      assert.deepEqual([sent, (await kept()).length, failures], [['1 to webhook'], 1, []])
      clock.at += 72 * HOUR
      await deliver({ webhook: senders.webhook })
      assert.deepEqual([await kept(), failures], [[], [['email', 'no process could send it', undefined]]])
    })

    it('are sent by one of several processes', async () => {
      await using other = await spot.open()
      const { post, deliver } = await aPost()
      await post('1', '2', '3')
      const { sent, senders } = aSender()
      await Promise.all(Array.from({ length: 6 }, (_, index) => deliver(senders, index % 2 ? other : store)))
      await deliver(senders)
      assert.deepEqual(sent.sort(), ['1 to webhook', '2 to webhook', '3 to webhook'])
    })

    it('that went out while the server closed are done', async () => {
      const { post, deliver, kept } = await aPost()
      await post('1', '2')
      const stop = new AbortController()
      const slow: Send = async () => {
        stop.abort()
        return DELIVERED
      }
      await deliver({ webhook: slow }, store, stop.signal)
      assert.deepEqual(
        (await kept()).map(({ message }) => message.id),
        ['2'],
      )
    })

    it('that were under way when the server closed are sent again, under the same id', async () => {
      const { post, deliver, kept, failures } = await aPost()
      await post('1')
      const stop = new AbortController()
      const hanging: Send = async (_, __, signal) => {
        stop.abort(new Error('closing'))
        if (!signal.aborted) await once(signal, 'abort')
        return { kind: 'failed', why: 'called off' }
      }
      await deliver({ webhook: hanging }, store, stop.signal)
      assert.deepEqual([(await kept())[0]?.attempts, failures], [0, []])
      const { sent, senders } = aSender()
      await deliver(senders)
      assert.deepEqual(sent, ['1 to webhook'])
    })
  })
})
