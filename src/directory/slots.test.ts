import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { slotsOf, withSlot } from './slots.ts'
import type { Json, Resource } from './user.ts'

const record: Resource = {
  userName: 'ada@uni.edu',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [
    { value: 'ada@uni.edu', type: 'work', primary: true },
    { value: 'a@home.example', type: 'home' },
    { value: 'b@home.example', type: 'Home' },
    { value: 'c@home.example' },
  ],
  enterprise: { department: 'Physics', manager: { value: '1', displayName: 'Boss' } },
  campus: { netid: 'ada1', tags: ['Honours', 'band'], customFields: [{ name: 'Locker', value: '12B' }] },
}

describe('slots', () => {
  it('are the smallest things with an owner', () => {
    assert.deepEqual(Object.fromEntries(slotsOf(record)), {
      userName: 'ada@uni.edu',
      'name.givenName': 'Ada',
      'name.familyName': 'Lovelace',
      'emails[work]': [{ value: 'ada@uni.edu', type: 'work', primary: true }],
      'emails[home]': [
        { value: 'a@home.example', type: 'home' },
        { value: 'b@home.example', type: 'Home' },
      ],
      'emails[]': [{ value: 'c@home.example' }],
      'enterprise.department': 'Physics',
      'enterprise.manager': { value: '1', displayName: 'Boss' },
      'campus.netid': 'ada1',
      'campus.tags[honours]': 'Honours',
      'campus.tags[band]': 'band',
      'campus.customFields[locker]': [{ name: 'Locker', value: '12B' }],
    })
  })

  it('can be taken away one by one until nothing is left, and put back into the same slots', () => {
    const slots = slotsOf(record)
    let bare: Resource = record
    for (const slot of slots.keys()) bare = withSlot(bare, slot, undefined)
    assert.deepEqual(bare, {})
    for (const [slot, value] of slots) bare = withSlot(bare, slot, value)
    assert.deepEqual(slotsOf(bare), slots)
  })

  it('change nothing but themselves', () => {
    const slots = [...slotsOf(record).keys()]
    fc.assert(
      fc.property(fc.constantFrom(...slots), (slot) => {
        const rest = slotsOf(record)
        rest.delete(slot)
        assert.deepEqual(slotsOf(withSlot(record, slot, undefined)), rest)
      }),
    )
  })

  it('keep the place of an element in its list', () => {
    const next = withSlot(record, 'emails[work]', [{ value: 'new@uni.edu', type: 'work' }])
    assert.deepEqual((next.emails as readonly Json[])[0], { value: 'new@uni.edu', type: 'work' })
    const apart = { ...record, emails: (record.emails as readonly Json[]).toSpliced(2, 0, { value: 'd@home.example' }) }
    const one = { value: 'only@home.example', type: 'home' }
    assert.deepEqual((withSlot(apart, 'emails[home]', [one]).emails as readonly Json[])[1], one)
  })
})
