import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EXTENSIONS } from '../../directory/schema.ts'
import { ScimProblem } from '../errors.ts'
import { USER_TYPE } from '../resource-type.ts'
import { asksForOne } from './asks-for-one.ts'
import { parseFilter } from './parse.ts'

describe('asksForOne', () => {
  for (const filter of [
    'userName eq "a"',
    'USERNAME EQ "a"',
    'externalId eq "a"',
    'id eq "a"',
    'emails eq "a"',
    'emails.value eq "a"',
    'emails[value eq "a"]',
    'emails[type eq "work" and value eq "a"]',
    'emails[type eq "work"].value eq "a"',
    `${EXTENSIONS.campus}:netid2 eq "a"`,
    'active eq true and userName eq "a"',
    'active eq true and (title pr and emails.value eq "a")',
  ]) {
    it(`is true of ${filter}`, () => assert.equal(asks(filter), true))
  }

  for (const filter of [
    'title eq "a"',
    'userName sw "a"',
    'userName ne "a"',
    'userName eq null',
    'not (userName eq "a")',
    'userName eq "a" or active eq true',
    'emails[type eq "work"]',
    'emails[type eq "work" or value eq "a"]',
    'phoneNumbers[value eq "1"]',
    'nope eq "a"',
  ]) {
    it(`is false of ${filter}`, () => assert.equal(asks(filter), false))
  }
})

function asks(filter: string): boolean {
  const node = parseFilter(filter)
  assert.ok(!(node instanceof ScimProblem))
  return asksForOne(USER_TYPE, node)
}
