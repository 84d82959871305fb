import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EXTENSIONS, USER } from '../directory/schema.ts'
import { ScimProblem } from './errors.ts'
import { USER_TYPE } from './resource-type.ts'
import { compileSort } from './sort.ts'

describe('compileSort', () => {
  for (const [sortBy, path] of [
    ['userName', 'keys.userName'],
    ['NAME.familyname', 'search.name.familyName'],
    [`${USER.urn}:title`, 'search.title'],
    ['id', '_id'],
    ['meta.lastModified', 'lastModified'],
    ['meta.created', 'created'],
    ['meta.resourceType', '_id'],
    ['externalId', 'search.externalId.scim_3a_okta'],
    ['emails', 'keys.email'],
    ['emails.value', 'keys.email'],
    ['phoneNumbers', 'search.lead.phoneNumbers.value'],
    ['addresses.locality', 'search.lead.addresses.locality'],
    [`${EXTENSIONS.enterprise}:manager`, 'search.enterprise.manager.value'],
    [`${EXTENSIONS.enterprise}:department`, 'search.enterprise.department'],
    [`${EXTENSIONS.campus}:netid`, 'keys.netid'],
    [`${EXTENSIONS.campus}:entryYear`, 'search.campus.entryYear'],
  ] as const) {
    it(`sorts by ${sortBy}`, () => assert.equal(compileSort(USER_TYPE, sortBy, 'scim:okta'), path))
  }

  for (const sortBy of ['', 'nope', 'name', 'addresses', 'password', 'groups', 'schemas', 'photos', 'a b', '__proto__', 'meta']) {
    it(`does not sort by ${JSON.stringify(sortBy)}`, () =>
      assert.ok(compileSort(USER_TYPE, sortBy, 'scim:okta') instanceof ScimProblem))
  }
})
