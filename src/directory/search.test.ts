import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { externalIdTerm, searchOf } from './search.ts'
import type { Resource } from './user.ts'

describe('searchOf', () => {
  it('folds by schema, and leaves out what lies under keys', () => {
    const resource: Resource = {
      userName: 'Ada',
      name: { familyName: 'LOVELACE' },
      emails: [{ value: ' Ada@X.edu ', type: 'Work', primary: true }],
      enterprise: { manager: { value: 'M1', $ref: '../Users/M1', displayName: 'Bo' } },
      campus: { netid: 'N1', program: 'Físicas', entryYear: 2027, tags: ['Chess', 'Zoe\u0308'] },
    }
    assert.deepEqual(searchOf({ resource, bindings: [], memberOf: [] }), {
      name: { familyName: 'lovelace' },
      emails: [{ value: 'ada@x.edu', type: 'work', primary: true }],
      active: true,
      enterprise: { manager: { value: 'M1', ref: '../Users/M1', displayName: 'bo' } },
      campus: { program: 'físicas', entryYear: 2027, tags: ['chess', 'zoë'] },
    })
  })

  it('holds whether a person is active, said or not', () => {
    assert.deepEqual(searchOf({ resource: { active: false }, bindings: [], memberOf: [] }), { active: false })
    assert.deepEqual(searchOf({ resource: {}, bindings: [], memberOf: [] }), { active: true })
  })

  it('knows of pictures and certificates only that they are there, and of passwords nothing', () => {
    const resource: Resource = {
      photos: [{ value: 'data:x' }],
      x509Certificates: [{ value: 'QQ==' }],
      password: 'p',
      groups: [{ value: 'g' }],
    }
    const { photos, x509Certificates, password, groups } = searchOf({ resource, bindings: [], memberOf: [] })
    assert.deepEqual([photos, x509Certificates, password, groups], [[{ value: true }], [{ value: true }], undefined, undefined])
  })

  it('leads with the primary element of a list, else with the first', () => {
    const resource: Resource = {
      phoneNumbers: [{ value: '1' }, { value: '2', primary: true }],
      addresses: [{ locality: 'A' }, { locality: 'B' }],
    }
    assert.deepEqual(searchOf({ resource, bindings: [], memberOf: [] }).lead, {
      phoneNumbers: { value: '2', primary: true },
      addresses: { locality: 'a' },
    })
  })

  it('lists who is bound, who deleted, and what bound sources call the person', () => {
    const { externalIds, externalId, boundTo, deletedBy } = searchOf({
      resource: {},
      bindings: [
        { source: 'scim:a', externalId: 'E1', state: 'bound' },
        { source: 'scim:b', state: 'bound' },
        { source: 'scim:c', externalId: 'E3', state: 'deleted' },
      ],
      memberOf: [],
    })
    assert.deepEqual([externalIds, boundTo, deletedBy], [[externalIdTerm('scim:a', 'E1')], ['scim:a', 'scim:b'], ['scim:c']])
    assert.deepEqual(externalId, { scim_3a_a: 'E1' })
  })

  it('names the groups of the person, where there are some', () => {
    assert.deepEqual(searchOf({ resource: {}, bindings: [], memberOf: ['g1', 'g2'] }), { active: true, memberOf: ['g1', 'g2'] })
  })

  it('cuts long values, never through a surrogate pair', () => {
    const { title, displayName } = searchOf({
      resource: { title: 'x'.repeat(5000), displayName: `a${'😀'.repeat(900)}` },
      bindings: [],
      memberOf: [],
    })
    assert.equal(String(title).length, 1024)
    assert.equal(String(displayName), `a${'😀'.repeat(511)}`)
  })

  it('takes nothing from names that the schema does not have', () => {
    const resource = JSON.parse('{"__proto__":{"title":"x"},"constructor":"x","nope":1,"title":7}')
    assert.deepEqual(searchOf({ resource, bindings: [], memberOf: [] }), { active: true })
  })
})
