import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { MetadataParts } from '../../test/saml/metadata.ts'
import { metadataXml } from '../../test/saml/metadata.ts'
import { testIdp } from '../../test/saml/signer.ts'
import { temporaryFile } from '../../test/stores.ts'
import { DAY_MS } from '../days.ts'
import type { Institution } from '../directory/institution.ts'
import { getInstitution } from '../directory/institution.ts'
import { changeInstitution, createInstitution } from '../directory/institution-changes.ts'
import { EVERYTHING } from '../store/predicate.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Store } from '../store/store.ts'
import { openHurriedRefresh, refreshDaily } from './metadata-refresh.ts'

const [idp, next] = [testIdp('https://idp.uni.example/idp'), testIdp('https://idp.uni.example/idp')]
const never = new AbortController().signal

describe('metadata that is looked up again', () => {
  let store: Store
  let url: string
  let served: { status: number; body: string }
  let asked = 0
  let told: string[]
  let count = 0
  let whileAsked: () => Promise<void>
  const server = createServer(async (_, response) => {
    asked++
    await whileAsked()
    response.writeHead(served.status).end(served.body)
  })
  before(async () => {
    store = await openSqlite({ path: temporaryFile('matricula.db') })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metadata`
  })
  after(async () => {
    await store[Symbol.asyncDispose]()
    await new Promise((resolve) => server.close(resolve))
  })
  beforeEach(() => {
    told = []
    asked = 0
    whileAsked = async () => {}
  })

  const answers = (body: string, status = 200) => {
    served = { status, body }
  }
  const serves = (parts: MetadataParts = {}) => answers(metadataXml(idp, parts))
  const options = (at: number) => ({
    store,
    isLocal: true,
    onChanged: (_: string, who: string) => told.push(`changed ${who}`),
    onFailed: (_: string, who: string, why: string) => told.push(`failed ${who}: ${why}`),
    now: () => at,
  })

  async function made(metadata: object): Promise<Institution> {
    const known = { entityId: idp.entityId, ssoUrl: 'https://idp.uni.example/sso/Redirect', certificates: [idp.certificate] }
    const settings = { saml: { idp: { ...known, ...metadata } } } as never
    const created = await createInstitution(store, {
      id: `m${++count}`,
      name: 'M',
      settings,
      by: { source: 'admin' },
      now: Date.now(),
    })
    assert.ok(created.kind === 'created')
    return created.institution
  }
  const now = async ({ _id }: Institution) => (await getInstitution(store, _id))?.settings.saml?.idp

  it('brings new keys once a day, with an event', async () => {
    const institution = await made({ metadata: { url } })
    serves({ certificates: [idp.certificate, next.certificate] })
    const tomorrow = Date.now() + DAY_MS
    await refreshDaily(institution, options(tomorrow), never)
    await refreshDaily(institution, options(tomorrow + 1000), never)
    assert.equal(asked, 1)
    assert.deepEqual(told, [`changed ${idp.entityId}`])
    assert.deepEqual((await now(institution))?.certificates, [idp.certificate, next.certificate])
    const events = await store.find('events', institution._id, { where: EVERYTHING, limit: 10 })
    assert.deepEqual(events.map(({ kind, source, credential }) => [kind, source, credential]).at(-1), [
      'settings.changed',
      'saml',
      url,
    ])
    await refreshDaily(institution, options(tomorrow + DAY_MS), never)
    assert.equal(asked, 2)
  })

  it('is not asked for where nobody said where it is', async () => {
    const institution = await made({})
    await refreshDaily(institution, options(Date.now() + DAY_MS), never)
    assert.equal(asked, 0)
  })

  for (const [why, serve, message] of [
    ['cannot be had', () => answers('', 503), /answered 503/],
    ['is broken', () => answers(metadataXml(idp).slice(0, 200)), /not well-formed/],
    ['has no key any more', () => serves({ keys: '' }), /0 certificates/],
    ['is over', () => serves({ entity: ' validUntil="2020-01-01T00:00:00Z"' }), /was valid until/],
    ['is now that of somebody else', () => serves({ entityId: 'https://evil.example' }), /is now that of https:\/\/evil.example/],
    ['is a whole federation', () => answers(' '.repeat(2_000_000)), /whole federation/],
  ] as const) {
    it(`changes nothing when it ${why}, and is asked for again`, async () => {
      const institution = await made({ metadata: { url } })
      const before = await now(institution)
      serve()
      const tomorrow = Date.now() + DAY_MS
      await refreshDaily(institution, options(tomorrow), never)
      assert.match(String(told[0]), message)
      assert.deepEqual(await now(institution), before)
      serves({ certificates: [next.certificate] })
      await refreshDaily(institution, options(tomorrow + 1000), never)
      assert.deepEqual((await now(institution))?.certificates, [next.certificate])
    })
  }

  it('is not taken from an address that gives no signature where one is needed', async () => {
    const institution = await made({ metadata: { url, certificates: [next.certificate] } })
    serves({ certificates: [next.certificate] })
    await refreshDaily(institution, options(Date.now() + DAY_MS), never)
    assert.match(String(told[0]), /is not signed/)
    assert.deepEqual((await now(institution))?.certificates, [idp.certificate])
  })

  for (const [what, patch] of [
    ['the identity provider', { saml: { idp: null } }],
    ['the address of its metadata', { saml: { idp: { metadata: null } } }],
    ['the certificate that must sign it', { saml: { idp: { metadata: { certificates: [next.certificate] } } } }],
  ] as const) {
    it(`changes nothing where an administrator changes ${what} while it is looked up`, async () => {
      const institution = await made({ metadata: { url } })
      serves({ certificates: [next.certificate] })
      whileAsked = async () => {
        const by = { source: 'admin' } as const
        await changeInstitution(store, { id: institution._id, settings: patch as never, by, now: Date.now() })
        set = await now(institution)
      }
      let set: unknown
      await refreshDaily(institution, options(Date.now() + DAY_MS), never)
      assert.deepEqual(await now(institution), set)
      assert.deepEqual(told, [])
    })
  }

  it('is looked up at once for an unknown key, and not again for the next one', async () => {
    const institution = await made({ metadata: { url } })
    const start = Date.now()
    let at = start
    const refresh = openHurriedRefresh({ ...options(0), now: () => at })
    serves()
    assert.equal(await refresh(institution, idp.entityId), false)
    serves({ certificates: [next.certificate] })
    assert.equal(await refresh(institution, idp.entityId), false)
    assert.equal(asked, 1)
    at = start + 5 * 60_000
    const rush = await Promise.all([1, 2, 3].map(() => refresh(institution, idp.entityId)))
    assert.deepEqual(rush, [true, true, true], 'all who wait for the new key may use it')
    assert.equal(await refresh(institution, idp.entityId), true, 'so may who still has the settings of before')
    assert.equal(asked, 2)
    assert.equal(await refresh(institution, 'https://evil.example'), false)
    assert.equal(asked, 2)
  })
})
