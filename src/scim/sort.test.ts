import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EXTENSIONS, USER } from '../directory/schema.ts'
import { ScimProblem } from './errors.ts'
import { GROUP_TYPE, USER_TYPE } from './resource-type.ts'
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

  for (const [sortBy, says] of [
    ['', 'sortBy "" is not the name of an attribute'],
    ['a b', 'sortBy "a b" is not the name of an attribute'],
    ['usrName', 'sortBy: usrName is not an attribute of a User (did you mean "userName"?)'],
    ['__proto__', 'sortBy "__proto__" is not the name of an attribute'],
    ['name', 'sortBy: users cannot be sorted by name: sort by name.familyName'],
    ['addresses', 'sortBy: users cannot be sorted by addresses: sort by addresses.streetAddress'],
    ['meta', 'sortBy: users cannot be sorted by meta: sort by meta.created'],
    ['emails.type', 'sortBy: users cannot be sorted by emails.type: sort by emails.value'],
    ['photos', 'sortBy: users cannot be sorted by photos: sort by photos.display'],
    ...[`${EXTENSIONS.campus}:tags`, 'groups', 'password', 'schemas'].map(
      (sortBy) =>
        [sortBy, /^sortBy: users cannot be sorted by .*: sort by userName, or by another attribute with one value$/] as const,
    ),
  ] as const) {
    it(`does not sort by ${JSON.stringify(sortBy)}, and says what can be sorted by`, () => {
      const problem = compileSort(USER_TYPE, sortBy, 'scim:okta')
      assert.ok(problem instanceof ScimProblem)
      if (typeof says === 'string') assert.equal(problem.detail, says)
      else assert.match(problem.detail, says)
    })
  }

  it('names the attribute that all groups have where these are to be sorted', () => {
    const problem = compileSort(GROUP_TYPE, 'members', 'scim:okta')
    assert.ok(problem instanceof ScimProblem)
    assert.match(problem.detail, /: sort by displayName, or by another/)
  })
})
