import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { forEachStore } from '../../test/stores.ts'
import { createInstitution } from '../directory/institution-changes.ts'
import type { Store } from '../store/store.ts'
import { findRefusal, newReference, recordRefusal, referenceIn } from './refusal-record.ts'

describe('the reference of a refused sign-in', () => {
  it('is short, and no two are the same', () => {
    const all = Array.from({ length: 1000 }, newReference)
    for (const one of all) assert.match(one, /^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/)
    assert.equal(new Set(all).size, all.length)
  })

  for (const [why, written, reference] of [
    ['as it was shown', '7K3QF-M2X9D', '7K3QF-M2X9D'],
    ['in small letters, with blanks', ' 7k3qf m2x9d ', '7K3QF-M2X9D'],
    ['with letters that were read for digits', 'OIL00-AAAAA', '01100-AAAAA'],
    ['but not when something is missing', '7K3QF-M2X9', undefined],
    ['but not with letters that no reference has', '7K3QF-M2X9U', undefined],
  ] as const) {
    it(`is understood ${why}`, () => assert.equal(referenceIn(written), reference))
  }
})

await forEachStore((name, place) => {
  describe(`a refused sign-in, on ${name}`, () => {
    const by = { source: 'admin' } as const
    const institutions = ['north', 'south']
    const made = async (): Promise<Store> => {
      const store = await place().open()
      for (const id of institutions) await createInstitution(store, { id, name: id, by, now: Date.now() })
      return store
    }

    it('is found by its reference, whichever institution it belongs to', async () => {
      await using store = await made()
      const refusal = {
        failure: 'refused',
        code: 'audience',
        detail: 'the audience is another one',
        attributeNames: ['uid', 'mail'],
      } as const
      const now = Date.now()
      const reference = newReference()
      await recordRefusal(store, { institution: 'south', reference, refusal, now })
      const found = await findRefusal(store, reference)
      assert.equal(found?.institution, 'south')
      assert.equal(found?.at, now)
      assert.equal(found?.kind, 'sign_in.refused')
      assert.deepEqual(
        [found?.failure, found?.code, found?.detail, found?.attributeNames],
        [refusal.failure, refusal.code, refusal.detail, ['uid', 'mail']],
      )
      assert.equal(await findRefusal(store, newReference()), undefined)
    })

    it('is kept no longer than it helps, however much a stranger wrote', async () => {
      await using store = await made()
      const reference = newReference()
      const refusal = {
        failure: 'refused',
        code: 'xml',
        detail: 'x'.repeat(50_000),
        attributeNames: Array.from({ length: 5000 }, () => 'y'.repeat(5000)),
      } as const
      await recordRefusal(store, { institution: 'north', reference, refusal, now: Date.now() })
      assert.ok(JSON.stringify(await findRefusal(store, reference)).length < 30_000)
    })
  })
})
