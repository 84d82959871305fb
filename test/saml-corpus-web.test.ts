/**
 * The corpus of hostile and honest responses, posted to the service itself: what is refused leaves nothing behind, and
 * what is honest makes one person, whatever the identity provider calls things.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, it, mock } from 'node:test'
import { EVERYTHING } from '../src/store/predicate.ts'
import type { Store } from '../src/store/store.ts'
import { cpuMsOf } from './cpu.ts'
import { postedBy } from './saml/hand.ts'
import { HONEST } from './saml/honest.ts'
import { HOSTILE } from './saml/hostile.ts'
import type { Lab } from './saml/lab.ts'
import { openLab } from './saml/lab.ts'
import { NOW } from './saml/response.ts'
import type { Web } from './saml/web.ts'
import { Browser, IDP, openWeb, settingsOf } from './saml/web.ts'
import { forEachStore } from './stores.ts'

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const decryptionKeys = [String(keys.privateKey.export({ type: 'pkcs8', format: 'pem' }))]

const MOST_MS = 200

/** Of five times the least: what this process does beside it takes time as well. */
async function least(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let turn = 0; turn < 5; turn++) times.push(await cpuMsOf(work))
  return Math.min(...times)
}

await forEachStore((name, place) => {
  describe(`responses that are posted, on ${name}`, () => {
    let store: Store
    let web: Web
    let lab: Lab
    let browser: Browser
    before(async () => {
      store = await place().open()
      // Hostile responses are made for an instant: a second later the one of a minute ahead would be honest.
      mock.timers.enable({ apis: ['Date'], now: NOW })
      web = await openWeb(store, {
        id: 'uni',
        publicUrl: 'https://roll.example',
        decryptionKeys,
        saml: { accountType: { default: 'Guest' } },
      })
      browser = new Browser(web)
      const scene = { idp: IDP, entityId: `${web.base}/metadata`, acsUrl: `${web.base}/acs`, now: NOW }
      lab = openLab({ ...scene, inResponseTo: await browser.begin() }, keys.publicKey)
    })
    after(async () => {
      mock.timers.reset()
      await store[Symbol.asyncDispose]()
    })

    const post = (SAMLResponse: string) => browser.post('/acs', new URLSearchParams({ SAMLResponse }))
    const counts = (one: Web) =>
      Promise.all(
        (['users', 'sessions', 'assertions'] as const).map((each) => store.count(each, one.institution._id, EVERYTHING)),
      )

    for (const [about, cases] of Object.entries(HOSTILE)) {
      it(`leave nothing behind: ${cases.length} of ${about}`, async () => {
        for (const { name: what, make, code } of cases) {
          const form = make(lab)
          let response = new Response()
          const tookMs = await cpuMsOf(async () => {
            response = await post(form)
          })
          assert.ok(response.status >= 400 && response.status < 500, `${what}: ${response.status}`)
          assert.deepEqual(response.headers.getSetCookie(), [], what)
          assert.ok([code, 'form'].flat().includes(JSON.parse(web.lines.at(-1) ?? '{}').code), `${what}: ${web.lines.at(-1)}`)
          assert.doesNotMatch(await response.text(), /evil\.example|digest|signature|certificate/i, what)
          if (tookMs > MOST_MS) assert.ok((await least(() => post(form))) < MOST_MS, `${what}: ${tookMs} ms`)
        }
        assert.deepEqual(await counts(web), [0, 0, 0])
        assert.deepEqual(web.failures, [])
      })
    }

    it('use nothing up: the sign-in that they pretended to answer is still under way', async () => {
      const hand = HONEST['SimpleSAMLphp: both signed']
      assert.ok(hand)
      const response = await post(postedBy(hand, lab.scene, keys.publicKey))
      assert.equal(response.status, 303, await response.text())
      assert.deepEqual(await counts(web), [1, 1, 1])
    })

    it(`make one person out of ${Object.keys(HONEST).length} honest hands`, async () => {
      mock.timers.reset()
      const neighbour = settingsOf(lab.neighbour)
      const there = await openWeb(store, {
        publicUrl: 'https://roll.example',
        decryptionKeys,
        saml: { idps: [neighbour], accountType: { default: 'Guest' } },
      })
      for (const [hand, written] of Object.entries(HONEST)) {
        const visitor = new Browser(there)
        const inResponseTo = await visitor.begin(`?idp=${encodeURIComponent(IDP.entityId)}`)
        const scene = { idp: IDP, entityId: `${there.base}/metadata`, acsUrl: `${there.base}/acs`, now: Date.now(), inResponseTo }
        const response = await visitor.post(
          '/acs',
          new URLSearchParams({ SAMLResponse: postedBy(written, scene, keys.publicKey) }),
        )
        assert.equal(response.status, 303, `${hand}: ${await response.text()} ${there.lines.at(-1)}`)
      }
      assert.deepEqual(await counts(there), [1, Object.keys(HONEST).length, Object.keys(HONEST).length])
    })
  })
})
