import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { property as all, anything, constantFrom, dictionary, object, oneof, assert as property, string } from 'fast-check'
import { USER } from '../directory/schema.ts'
import { problemsOf } from '../directory/validate.ts'
import { ScimProblem } from './errors.ts'
import { normalise } from './normalise.ts'

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const CAMPUS = 'urn:ietf:params:scim:schemas:extension:campus:2.0:User'

function sent(body: object) {
  const result = normalise(USER, { userName: 'ada', ...body })
  assert(!(result instanceof ScimProblem), result instanceof ScimProblem ? result.detail : '')
  return result
}

function resourceOf(body: object): unknown {
  const { userName: _, ...rest } = sent(body).resource
  return rest
}

describe('a User as clients send it', () => {
  for (const [why, body, expected] of [
    [
      'takes attribute names in any case',
      { DISPLAYNAME: 'Ada', Name: { GIVENNAME: 'Ada' } },
      { displayName: 'Ada', name: { givenName: 'Ada' } },
    ],
    [
      'takes sub-attributes in any case, as in addresses[].Formatted',
      { emails: [{ Value: 'a@b.c', Type: 'work' }] },
      { emails: [{ value: 'a@b.c', type: 'work' }] },
    ],
    [
      'reads "True" and "False" as booleans',
      { active: 'False', emails: [{ value: 'x', primary: 'True' }] },
      { active: false, emails: [{ value: 'x', primary: true }] },
    ],
    ['reads a numeric text as an integer', { [CAMPUS]: { graduationYear: '2029' } }, { campus: { graduationYear: 2029 } }],
    ['takes a manager as a bare id', { [ENTERPRISE]: { manager: '42' } }, { enterprise: { manager: { value: '42' } } }],
    [
      'takes a manager as a list of one',
      { [ENTERPRISE]: { manager: [{ value: '42', $ref: null }] } },
      { enterprise: { manager: { value: '42' } } },
    ],
    [
      'drops the displayName of a manager, which is the server’s',
      { [ENTERPRISE]: { manager: { value: '42', displayName: 'Boss' } } },
      { enterprise: { manager: { value: '42' } } },
    ],
    [
      'takes values that differ in case alone for one, as the schema does',
      { emails: [{ value: 'A@b.c' }, { value: 'a@B.c', type: '', primary: true }] },
      { emails: [{ value: 'A@b.c', primary: true }] },
    ],
    ['takes one object for a list', { emails: { value: 'a@b.c' } }, { emails: [{ value: 'a@b.c' }] }],
    [
      'takes bare texts for a complex list',
      { emails: ['a@b.c'], roles: 'dean' },
      { emails: [{ value: 'a@b.c' }], roles: [{ value: 'dean' }] },
    ],
    ['takes a bare text for a simple list', { [CAMPUS]: { tags: 'honours' } }, { campus: { tags: ['honours'] } }],
    [
      'leaves out what has no value',
      { title: null, nickName: '', emails: [], name: {}, roles: [null, {}], addresses: [{ locality: '' }] },
      {},
    ],
    [
      'leaves out an element with labels alone',
      { emails: [{ type: 'work', primary: true }, { value: 'x' }] },
      { emails: [{ value: 'x' }] },
    ],
    [
      'keeps one primary, the first',
      {
        emails: [
          { value: 'a', primary: true },
          { value: 'b', primary: true },
        ],
      },
      {
        emails: [
          { value: 'a', primary: true },
          { value: 'b', primary: false },
        ],
      },
    ],
    [
      'keeps no doubles',
      { roles: [{ value: 'a' }, { value: 'a' }], [CAMPUS]: { tags: ['x', 'X'] } },
      { roles: [{ value: 'a' }], campus: { tags: ['x'] } },
    ],
    [
      'keeps values exactly',
      { displayName: '  Zoë  ', phoneNumbers: [{ value: '+1 (617) 555 0100' }] },
      { displayName: '  Zoë  ', phoneNumbers: [{ value: '+1 (617) 555 0100' }] },
    ],
    ['keeps JSON text in a role', { roles: [{ value: '{"id":"1"}' }] }, { roles: [{ value: '{"id":"1"}' }] }],
    [
      'ignores what no schema knows',
      { favouriteColour: 'blue', department: 'x', campus: { netid: 'n' }, enterprise: { department: 'x' } },
      {},
    ],
    ['keeps unknown extensions out', { 'urn:other:User': { x: 1 }, 'urn:other:User:x': 1 }, {}],
    ['ignores what is readOnly', { id: '1', meta: { resourceType: 'Device' }, groups: [{ value: 'g' }], schemas: [CORE] }, {}],
    ['drops a password', { password: 'secret' }, {}],
    [
      'takes extension URNs in any case',
      { [ENTERPRISE.toUpperCase()]: { department: 'x' } },
      { enterprise: { department: 'x' } },
    ],
    [
      'takes the vendor’s misprint of the enterprise URN',
      { 'urn:ietf:params:scim:schemas:extension:enterprise:2.0User': { department: 'x' } },
      { enterprise: { department: 'x' } },
    ],
    [
      'takes an attribute by its full URN',
      { [`${ENTERPRISE}:department`]: 'x', [`${CORE}:title`]: 'Dr' },
      { enterprise: { department: 'x' }, title: 'Dr' },
    ],
    ['takes the core attributes under their URN', { [CORE]: { title: 'Dr' } }, { title: 'Dr' }],
    [
      'joins dotted names',
      { 'name.givenName': 'Ada', name: { familyName: 'L' } },
      { name: { givenName: 'Ada', familyName: 'L' } },
    ],
    [
      'has no names of the language',
      JSON.parse('{"__proto__":{"title":"x"},"constructor":1,"name":{"__proto__":"x","givenName":"A"}}'),
      { name: { givenName: 'A' } },
    ],
  ] as const) {
    it(why, () => assert.deepEqual(resourceOf(body), expected))
  }

  for (const [why, body, path] of [
    ['a number for a text', { displayName: 5 }, 'displayName'],
    ['an object for a text', { displayName: { $ne: 'x' } }, 'displayName'],
    ['a list for a text', { title: ['x'] }, 'title'],
    ['a word for a boolean', { active: 'maybe' }, 'active'],
    ['a word for an integer', { [CAMPUS]: { entryYear: 'soon' } }, 'campus.entryYear'],
    ['a fraction for an integer', { [CAMPUS]: { entryYear: 2027.5 } }, 'campus.entryYear'],
    ['a number among e-mails', { emails: [42] }, 'emails'],
    ['an object within an e-mail', { emails: [{ value: { a: 1 } }] }, 'emails.value'],
    ['a number for a name', { name: 5 }, 'name'],
    ['a text for a name', { name: 'Ada' }, 'name'],
    ['NUL', { title: 'a\0b' }, 'title'],
    ['half a surrogate pair', { title: '\ud800' }, 'title'],
    ['a text past the limit', { title: 'x'.repeat(32_769) }, 'title'],
    ['a list past the limit', { roles: Array.from({ length: 1001 }, (_, i) => ({ value: `${i}` })) }, 'roles'],
    ['a number for an externalId', { externalId: 5 }, 'externalId'],
    ['an extension that is no object', { [CAMPUS]: 'x' }, 'campus'],
    ['no userName', { userName: null }, 'userName'],
    ['a userName of spaces', { userName: '  ' }, 'userName'],
  ] as const) {
    it(`names the attribute that has ${why}`, () => {
      const result = normalise(USER, { userName: 'ada', ...body })
      assert(result instanceof ScimProblem)
      assert.equal(result.code, 'invalidValue')
      assert.match(result.detail, new RegExp(path))
    })
  }

  it('says which attributes were sent without a value', () => {
    const { cleared, extensions, externalId } = sent({
      title: null,
      name: { middleName: '' },
      phoneNumbers: [],
      externalId: '',
      [ENTERPRISE]: { manager: { value: '' }, department: '' },
    })
    assert.deepEqual(
      [...cleared],
      ['title', 'name.middleName', 'phoneNumbers', 'enterprise.manager', 'enterprise.manager.value', 'enterprise.department'],
    )
    assert.deepEqual([...extensions], ['enterprise'])
    assert.equal(externalId, null)
  })

  it('refuses what is no object', () => {
    for (const body of [null, 5, 'x', [], [{ userName: 'a' }]]) {
      const result = normalise(USER, body)
      assert(result instanceof ScimProblem)
      assert.equal(result.code, 'invalidSyntax')
    }
  })

  it('makes of anything a valid record or a problem', () => {
    const names = [
      'userName',
      'name',
      'emails',
      'active',
      'roles',
      'title',
      ENTERPRISE,
      CAMPUS,
      `${CAMPUS}:tags`,
      'externalId',
      'addresses',
      '__proto__',
      'meta',
    ]
    const inner = oneof(
      anything(),
      dictionary(
        constantFrom('value', 'type', 'primary', 'manager', 'tags', 'entryYear', 'customFields', 'givenName'),
        anything(),
      ),
    )
    property(
      all(oneof(object(), dictionary(oneof(constantFrom(...names), string()), inner)), (body) => {
        const result = normalise(USER, { userName: 'x', ...body })
        if (!(result instanceof ScimProblem)) assert.deepEqual(problemsOf(result.resource), [])
      }),
      { numRuns: 500 },
    )
  })
})
