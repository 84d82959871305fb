import assert from 'node:assert/strict'
import { it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import { rankingOf } from './authority.ts'

const RANKED = ['file', 'scim']

for (const [setting, slot] of [
  ['title', 'title'],
  ['emails[work]', 'emails[work]'],
  ['emails[Work]', 'emails[work]'],
  ['campus.customFields[Locker No]', 'campus.customFields[locker no]'],
  ['emails', 'emails[home]'],
  ['name', 'name.givenName'],
  ['first_name', 'name.givenName'],
  ['email', 'emails[work]'],
] as const) {
  it(`${setting} ranks ${slot}`, () => {
    assert.deepEqual(rankingOf(anInstitution({ authority: { [setting]: RANKED } }))(slot), RANKED)
  })
}

it('what is more exact goes first', () => {
  const ranking = rankingOf(anInstitution({ authority: { emails: ['scim'], 'emails[work]': RANKED } }))
  assert.deepEqual([ranking('emails[work]'), ranking('emails[home]'), ranking('title')], [RANKED, ['scim'], undefined])
})
