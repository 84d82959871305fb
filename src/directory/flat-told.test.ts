import assert from 'node:assert/strict'
import { it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import type { Change, Outcome } from './change.ts'
import { flatChange } from './flat-change.ts'
import { fieldsWithheld } from './flat-told.ts'
import type { Claim, User } from './user.ts'

const WORK = { type: 'work', value: 'ada@uni.edu', primary: true }
const HOME = { type: 'home', value: 'ada@home.example' }

it('names the e-mail as withheld where a source would have another address stand for the person', () => {
  const claims: readonly Claim[] = [
    { source: 'api:crm', slot: 'emails[work]', value: [{ ...WORK, primary: false }], at: 1 },
    { source: 'api:crm', slot: 'emails[home]', value: [{ ...HOME, primary: true }], at: 1 },
    { source: 'file', slot: 'title', value: 'Dr', at: 1 },
  ]
  const user = { resource: { emails: [WORK, HOME] }, claims } as unknown as User
  const withheld = claims.map(({ slot }) => slot)
  const outcome = { kind: 'updated', user, changed: [], withheld } as const satisfies Outcome
  const change = flatChange({ email: HOME.value }, { institution: anInstitution(), source: 'api:crm' }) as Change
  assert.deepEqual(fieldsWithheld(change, outcome), ['email'])
})
