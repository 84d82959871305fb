import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { DAY_MS } from '../days.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Store } from '../store/store.ts'
import { watchCertificates } from './certificate-ends.ts'
import { selfSigned } from './self-signed.ts'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
/** On a second, as certificates have it, and when today's warning is due already. */
const NOW = Date.parse('2026-11-26T12:00:00Z')

function certificate(days: number): string {
  return selfSigned({ privateKey, commonName: 'x', notBefore: NOW - DAY_MS, notAfter: NOW + days * DAY_MS }).toString('base64')
}

describe('certificates of identity providers', () => {
  let store: Store
  before(async () => {
    store = await openSqlite({ path: temporaryFile('matricula.db') })
  })
  after(() => store[Symbol.asyncDispose]())

  const told = async (certificates: readonly string[], times = [NOW]) => {
    const idp = { entityId: 'https://idp.example', ssoUrl: 'https://idp.example/sso', certificates }
    const institution = { ...anInstitution({ saml: { idp } }), created: NOW - 10 * DAY_MS }
    const warned: number[] = []
    let ends: ReadonlyMap<string, number> = new Map()
    for (const now of times) {
      await watchCertificates(institution, {
        store,
        onEnds: (_, all) => {
          ends = all
        },
        onEnding: (_, __, end) => warned.push(end),
        now: () => now,
      })
    }
    return { warned, end: ends.get('https://idp.example') }
  }

  for (const [why, days, warned] of [
    ['are no concern 31 days before their end', [31], []],
    ['are told of 29 days before', [29], [29]],
    ['are told of when they have ended', [-1], [-1]],
    ['are no concern when another one follows', [3, 400], []],
    ['are told of by the last one to end', [3, 20], [20]],
  ] as const) {
    it(why, async () => {
      const found = await told(days.map((day) => certificate(day)))
      assert.deepEqual(
        found.warned,
        warned.map((day) => NOW + day * DAY_MS),
      )
      assert.equal(found.end, NOW + Math.max(...days) * DAY_MS)
    })
  }

  it('are told of once a day', async () => {
    const { warned } = await told([certificate(10)], [NOW, NOW + 60_000, NOW + DAY_MS, NOW + DAY_MS + 60_000])
    assert.equal(warned.length, 2)
  })
})
