import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { describe, it } from 'node:test'
import { temporaryFile } from '../../test/stores.ts'
import { changeInstitution, createInstitution } from '../directory/institution-changes.ts'
import type { Json } from '../directory/user.ts'
import { EVERYTHING } from '../store/predicate.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { SealError, sealWith } from './seal.ts'
import { openSetting, settingSealer } from './setting-secrets.ts'

const SECRET = `whsec_${'c2VjcmV0'.repeat(4)}`
const OTHER = `whsec_${'b3RoZXIh'.repeat(4)}`
const seal = sealWith('a key for tests alone')
const sealerOf = (institution: string, under = seal) => settingSealer(institution, async () => under)

const withSecret = (secret: string): Json => ({ files: { notify: { webhook: { url: 'https://uni.edu/hook', secret } } } })

describe('a secret among the settings', () => {
  const path = temporaryFile('roll.db')
  let number = 0

  /** An institution of its own, with a secret. */
  async function anInstitution() {
    const store = await openSqlite({ path })
    const id = `uni-${number++}`
    const by = { source: 'admin' } as const
    const common = { id, by, now: Date.now(), sealSecret: sealerOf(id) }
    const made = await createInstitution(store, { ...common, name: id, settings: withSecret(SECRET) })
    assert.ok(made.kind === 'created')
    const sealed = (settings: object) => String(Object(settings).files.notify.webhook.secret)
    return {
      id,
      store,
      sealed: sealed(made.institution.settings),
      async change(settings: Json, more: object = {}) {
        const changed = await changeInstitution(store, { ...common, settings, ...more })
        assert.ok(changed.kind === 'changed' || changed.kind === 'unchanged', JSON.stringify(changed))
        return { kind: changed.kind, sealed: sealed(changed.institution.settings) }
      },
      [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
    }
  }

  it('is sealed for its institution before it is stored, and so in the audit trail', async () => {
    await using uni = await anInstitution()
    assert.match(uni.sealed, /^sealed\.1\./)
    assert.equal(openSetting(seal, uni.id, uni.sealed), SECRET)
    assert.throws(() => openSetting(seal, 'another', uni.sealed), SealError)
    await uni.change(withSecret(OTHER))
    const written = JSON.stringify([
      await uni.store.find('institutions', '*', { where: EVERYTHING, limit: 100 }),
      await uni.store.find('events', uni.id, { where: EVERYTHING, limit: 100 }),
    ])
    assert.ok(!written.includes(SECRET) && !written.includes(OTHER))
  })

  it('that is set already is no change', async () => {
    await using uni = await anInstitution()
    assert.deepEqual(await uni.change(withSecret(SECRET)), { kind: 'unchanged', sealed: uni.sealed })
  })

  it('can be given back as it was shown', async () => {
    await using uni = await anInstitution()
    assert.deepEqual(await uni.change(withSecret(uni.sealed)), { kind: 'unchanged', sealed: uni.sealed })
    await uni.change(withSecret(OTHER))
    assert.equal((await uni.change(withSecret(uni.sealed))).sealed, uni.sealed)
  })

  it('is replaced by another one', async () => {
    await using uni = await anInstitution()
    const { kind, sealed } = await uni.change(withSecret(OTHER))
    assert.equal(kind, 'changed')
    assert.equal(openSetting(seal, uni.id, sealed), OTHER)
  })

  it('stays in the way of nothing when its key was lost, and can be set anew', async () => {
    await using uni = await anInstitution()
    const sealSecret = sealerOf(uni.id, sealWith('another key for tests'))
    assert.equal((await uni.change({ keyHoldDays: 1 }, { sealSecret })).sealed, uni.sealed)
    assert.notEqual((await uni.change(withSecret(SECRET), { sealSecret })).sealed, uni.sealed)
  })

  it('that was sealed for another institution, or elsewhere, is refused', async () => {
    await using uni = await anInstitution()
    await using other = await anInstitution()
    await assert.rejects(uni.change(withSecret(other.sealed)), SealError)
    const elsewhere = sealWith('another key for tests').seal('setting', uni.id, SECRET)
    await assert.rejects(uni.change(withSecret(elsewhere)), /same SECRET_KEY/)
  })

  it('is not taken where nothing can seal it', async () => {
    await using uni = await anInstitution()
    await assert.rejects(uni.change(withSecret(OTHER), { sealSecret: undefined }), /nothing was given to seal it with/)
    assert.equal((await uni.change({ keyHoldDays: 2 }, { sealSecret: undefined })).kind, 'changed')
  })

  it('is not repeated by what refuses it', async () => {
    await using uni = await anInstitution()
    const changed = await changeInstitution(uni.store, {
      id: uni.id,
      settings: withSecret('hunter2'),
      sealSecret: sealerOf(uni.id),
      by: { source: 'admin' },
      now: Date.now(),
    })
    assert.ok(changed.kind === 'invalid')
    assert.match(
      changed.problems[0]?.message ?? '',
      /^files\.notify\.webhook\.secret is something else; it should be whsec_ and 24/,
    )
  })

  it('needs no key where there is none', async () => {
    await using store = await openSqlite({ path: `${dirname(path)}/other.db` })
    const sealSecret = settingSealer('plain', () => assert.fail('the key was asked for'))
    const given = {
      id: 'plain',
      name: 'Plain',
      settings: { keyHoldDays: 1 },
      by: { source: 'admin' },
      now: 1,
      sealSecret,
    } as const
    assert.equal((await createInstitution(store, given)).kind, 'created')
  })
})
