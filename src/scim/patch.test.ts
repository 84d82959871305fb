import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { property as all, anything, array, constantFrom, dictionary, oneof, assert as property, record, string } from 'fast-check'
import { cpuMsOf } from '../../test/cpu.ts'
import { USER } from '../directory/schema.ts'
import type { Resource } from '../directory/user.ts'
import { problemsOf } from '../directory/validate.ts'
import type { ScimCode } from './errors.ts'
import { ScimProblem } from './errors.ts'
import { patchResource } from './patch.ts'
import { parsePatch } from './patch-steps.ts'

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const CAMPUS = 'urn:ietf:params:scim:schemas:extension:campus:2.0:User'

const ID = '01'

const BEFORE = {
  userName: 'ada',
  title: 'Dr',
  name: { givenName: 'Ada', familyName: 'L' },
  emails: [
    { type: 'work', value: 'w', primary: true },
    { type: 'home', value: 'h' },
  ],
  roles: [{ value: 'dean' }],
  enterprise: { department: 'x', manager: { value: '1', $ref: '../Users/1' } },
  campus: { netid: 'n', tags: ['honours'], customFields: [{ name: 'Locker', value: '12B' }] },
} as const

function patched(resource: Resource, ...operations: unknown[]): Resource | ScimProblem {
  const steps = parsePatch(USER, { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations }, ID)
  return steps instanceof ScimProblem ? steps : patchResource(resource, steps)
}

/** What differs from BEFORE; undefined for what is gone. */
function changes(result: Resource | ScimProblem): Record<string, unknown> {
  assert(!(result instanceof ScimProblem), result instanceof ScimProblem ? `${result.code}: ${result.detail}` : '')
  const names = new Set([...Object.keys(BEFORE), ...Object.keys(result)])
  const differences: Record<string, unknown> = {}
  for (const name of names) {
    const before = (BEFORE as Resource)[name]
    if (JSON.stringify(before) !== JSON.stringify(result[name])) differences[name] = result[name]
  }
  return differences
}

/** Whether there is an object or a list with nothing in it. */
function holdsEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const inside = Object.values(value)
  return inside.length === 0 || inside.some(holdsEmpty)
}

const [WORK, HOME] = BEFORE.emails
const { campus, enterprise } = BEFORE

describe('PATCH', () => {
  for (const [why, operations, expected] of [
    ['takes operations in any case', [{ op: 'Replace', path: 'TITLE', value: 'Prof' }], { title: 'Prof' }],
    ['takes names of an operation in any case', [{ OP: 'replace', Path: 'title', Value: 'Prof' }], { title: 'Prof' }],
    [
      'leaves one of two values that have become the same, also when it is sent again',
      [
        { op: 'replace', path: 'emails[type eq "work"]', value: { type: 'other', value: 'h' } },
        { op: 'replace', path: 'emails[type eq "other"]', value: { type: 'home', value: 'h' } },
      ],
      { emails: [HOME] },
    ],
    ['reads "False"', [{ op: 'Replace', path: 'active', value: 'False' }], { active: false }],
    [
      'reads a single value that is wrapped like a member',
      [{ op: 'Replace', path: 'active', value: [{ $ref: null, value: 'False' }] }],
      { active: false },
    ],
    [
      'reads it wherever a path leads to one value',
      [
        { op: 'Replace', path: 'title', value: ['Prof'] },
        { op: 'Add', path: 'name.givenName', value: [{ $ref: null, value: 'Eva' }] },
        { op: 'Add', path: 'emails[type eq "work"].value', value: [{ $ref: null, value: 'w2' }] },
        { op: 'Replace', path: `${ENTERPRISE}:department`, value: [{ $ref: null, value: 'y' }] },
        { op: 'Replace', path: `${ENTERPRISE}:manager`, value: [{ $ref: null, value: '2' }] },
        { op: 'Replace', value: { displayName: [{ $ref: null, value: null }] } },
      ],
      {
        title: 'Prof',
        name: { ...BEFORE.name, givenName: 'Eva' },
        emails: [{ ...WORK, value: 'w2' }, HOME],
        enterprise: { department: 'y', manager: { value: '2' } },
      },
    ],
    [
      'reads each value of a plain list that is wrapped so',
      [
        { op: 'Add', path: `${CAMPUS}:tags`, value: [{ $ref: null, value: 'band' }] },
        { op: 'Remove', path: `${CAMPUS}:tags`, value: [{ $ref: null, value: 'Honours' }] },
      ],
      { campus: { ...campus, tags: ['band'] } },
    ],
    [
      'reads a value under the name that the path has already',
      [
        { op: 'replace', path: 'active', value: { active: false } },
        { op: 'add', path: 'roles', value: { Roles: [{ value: 'rector' }] } },
        { op: 'remove', path: 'emails', value: { emails: [{ value: 'h' }] } },
        { op: 'replace', path: 'name', value: { name: { givenName: 'Eva' } } },
      ],
      {
        active: false,
        roles: [{ value: 'dean' }, { value: 'rector' }],
        emails: [WORK],
        name: { ...BEFORE.name, givenName: 'Eva' },
      },
    ],
    [
      'lets later operations see earlier ones',
      [
        { op: 'replace', path: 'emails', value: [{ value: 'a', type: 'work' }] },
        { op: 'add', path: 'emails[type eq "work"].display', value: 'A' },
      ],
      { emails: [{ value: 'a', type: 'work', display: 'A' }] },
    ],

    [
      'add appends to a list, no doubles',
      [{ op: 'add', path: 'roles', value: [{ value: 'dean' }, { value: 'rector' }] }],
      { roles: [{ value: 'dean' }, { value: 'rector' }] },
    ],
    [
      'add of what is there changes nothing',
      [
        { op: 'add', path: 'emails', value: HOME },
        { op: 'add', path: 'title', value: 'Dr' },
        { op: 'add', path: `${CAMPUS}:tags`, value: 'Honours' },
      ],
      {},
    ],
    [
      'add of what is there in another case changes nothing, where case means nothing',
      [
        { op: 'add', path: 'emails', value: [{ type: 'Work', value: 'W' }] },
        { op: 'add', path: 'roles', value: [{ value: 'DEAN' }] },
      ],
      {},
    ],
    [
      'add takes what differs in case alone for another, where case means something',
      [{ op: 'add', path: 'photos', value: [{ value: 'https://x/a' }, { value: 'https://x/A' }] }],
      { photos: [{ value: 'https://x/a' }, { value: 'https://x/A' }] },
    ],
    [
      'remove names values in any case, where case means nothing',
      [
        { op: 'remove', path: 'emails', value: [{ value: 'W' }] },
        { op: 'remove', path: 'roles', value: [{ value: 'Dean', type: null }] },
      ],
      { emails: [HOME], roles: undefined },
    ],
    [
      'add completes an element with the same type and value',
      [{ op: 'add', path: 'emails', value: [{ ...HOME, display: 'At home' }] }],
      { emails: [WORK, { ...HOME, display: 'At home' }] },
    ],
    [
      'add of a custom field replaces the one with its name',
      [{ op: 'add', path: `${CAMPUS}:customFields`, value: { name: 'locker', value: '9' } }],
      { campus: { ...campus, customFields: [{ name: 'locker', value: '9' }] } },
    ],
    [
      'add takes one object for a list',
      [{ op: 'add', path: 'emails', value: { value: 'o' } }],
      { emails: [WORK, HOME, { value: 'o' }] },
    ],
    [
      'add of a new primary clears the other',
      [{ op: 'add', path: 'emails', value: [{ value: 'o', primary: true }] }],
      { emails: [{ ...WORK, primary: false }, HOME, { value: 'o', primary: true }] },
    ],
    [
      'add with a sub-attribute makes the parent',
      [{ op: 'add', path: `${ENTERPRISE}:manager.displayName`, value: 'x' }],
      'mutability',
    ],
    [
      'add merges a complex attribute',
      [{ op: 'add', path: 'name', value: { middleName: 'K' } }],
      { name: { ...BEFORE.name, middleName: 'K' } },
    ],
    [
      'add of nothing does nothing',
      [
        { op: 'add', path: 'title', value: '' },
        { op: 'add', path: 'emails', value: [] },
        { op: 'add', value: {} },
      ],
      {},
    ],
    [
      'add without a path merges, also into extensions',
      [{ op: 'add', value: { name: { middleName: 'K' }, [`${ENTERPRISE}:costCenter`]: 'c', [CAMPUS]: { program: 'p' } } }],
      {
        name: { ...BEFORE.name, middleName: 'K' },
        enterprise: { ...enterprise, costCenter: 'c' },
        campus: { ...campus, program: 'p' },
      },
    ],

    [
      'add on an absent value path makes the element',
      [{ op: 'add', path: 'emails[type eq "other"].value', value: 'o' }],
      { emails: [WORK, HOME, { type: 'other', value: 'o' }] },
    ],
    [
      'several adds build one element',
      [
        { op: 'Add', path: 'addresses[type eq "work"].formatted', value: 'f' },
        { op: 'Add', path: 'addresses[type eq "work"].locality', value: 'l' },
      ],
      { addresses: [{ type: 'work', formatted: 'f', locality: 'l' }] },
    ],
    [
      'a label may come before its value',
      [
        { op: 'add', path: 'phoneNumbers[type eq "fax"].primary', value: true },
        { op: 'add', path: 'phoneNumbers[type eq "fax"].value', value: '1' },
      ],
      { phoneNumbers: [{ type: 'fax', primary: true, value: '1' }] },
    ],
    [
      'an element that is left with labels alone is dropped',
      [
        { op: 'add', path: 'phoneNumbers[type eq "fax"].primary', value: true },
        { op: 'replace', path: 'emails[type eq "home"].value', value: '' },
      ],
      { emails: [WORK] },
    ],
    [
      'roles[primary eq "True"].value makes a primary role',
      [
        { op: 'Add', path: 'roles[primary eq "True"].value', value: 'rector' },
        { op: 'Add', path: 'roles[primary eq "True"].display', value: 'R' },
      ],
      { roles: [{ value: 'dean' }, { primary: true, value: 'rector', display: 'R' }] },
    ],
    [
      'JSON text in a role is kept',
      [{ op: 'Add', path: 'roles', value: [{ value: '{"id":"1"}' }] }],
      { roles: [{ value: 'dean' }, { value: '{"id":"1"}' }] },
    ],

    [
      'replace of a value path leaves the rest alone',
      [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'w2' }],
      { emails: [{ ...WORK, value: 'w2' }, HOME] },
    ],
    [
      'replace with a full core URN',
      [{ op: 'replace', path: `${CORE}:emails[type eq "work"].value`, value: 'w2' }],
      { emails: [{ ...WORK, value: 'w2' }, HOME] },
    ],
    [
      'replace of a value path makes what was never added',
      [{ op: 'replace', path: 'phoneNumbers[type eq "mobile"].value', value: '1' }],
      { phoneNumbers: [{ type: 'mobile', value: '1' }] },
    ],
    [
      'replace changes every match',
      [{ op: 'replace', path: 'emails[value pr].display', value: 'd' }],
      {
        emails: [
          { ...WORK, display: 'd' },
          { ...HOME, display: 'd' },
        ],
      },
    ],
    [
      'replace of a whole element keeps what the filter says',
      [{ op: 'replace', path: 'emails[type eq "work"]', value: { value: 'w2' } }],
      { emails: [{ type: 'work', value: 'w2' }, HOME] },
    ],
    [
      'replace of a list replaces all of it',
      [{ op: 'replace', path: 'emails', value: [{ value: 'o' }] }],
      { emails: [{ value: 'o' }] },
    ],
    [
      'replace without a path replaces a list whole',
      [{ op: 'replace', value: { emails: [{ value: 'o' }], roles: [] } }],
      { emails: [{ value: 'o' }], roles: undefined },
    ],
    [
      'replace of a complex attribute leaves its other parts alone',
      [{ op: 'replace', path: 'name', value: { familyName: 'K', givenName: null } }],
      { name: { familyName: 'K' } },
    ],
    [
      'replace of a complex attribute or an extension with nothing that it has leaves all of it alone',
      [
        { op: 'replace', path: 'name', value: {} },
        { op: 'replace', value: { name: { nonsense: 'x' }, [ENTERPRISE]: {} } },
        { op: 'replace', path: CAMPUS, value: { nonsense: 'x' } },
      ],
      {},
    ],
    [
      'replace changes one value of a plain list',
      [{ op: 'replace', path: `${CAMPUS}:tags[value eq "HONOURS"]`, value: 'band' }],
      { campus: { ...campus, tags: ['band'] } },
    ],
    [
      'replace takes dotted names and URNs as names',
      [{ op: 'replace', value: { 'name.givenName': 'Eva', [`${ENTERPRISE}:department`]: 'y' } }],
      { name: { ...BEFORE.name, givenName: 'Eva' }, enterprise: { ...enterprise, department: 'y' } },
    ],
    [
      'replace takes value paths as names',
      [{ op: 'replace', value: { 'emails[type eq "home"].value': 'h2' } }],
      { emails: [WORK, { ...HOME, value: 'h2' }] },
    ],
    [
      'replace with the URN of an extension as path',
      [{ op: 'replace', path: ENTERPRISE, value: { department: 'y' } }],
      { enterprise: { ...enterprise, department: 'y' } },
    ],
    [
      'a new primary by value path clears the other',
      [{ op: 'replace', path: 'emails[type eq "home"].primary', value: 'True' }],
      {
        emails: [
          { ...WORK, primary: false },
          { ...HOME, primary: true },
        ],
      },
    ],
    [
      'replace with "" or null clears',
      [
        { op: 'replace', path: 'title', value: '' },
        { op: 'replace', path: 'name.givenName', value: null },
        { op: 'replace', path: 'emails', value: null },
      ],
      { title: undefined, name: { familyName: 'L' }, emails: undefined },
    ],
    [
      'clearing what was not there leaves nothing empty behind',
      [
        { op: 'replace', path: 'nickName', value: '' },
        { op: 'replace', path: 'name', value: { givenName: '', familyName: null } },
        { op: 'replace', path: 'name.middleName', value: '' },
        { op: 'remove', path: ENTERPRISE },
        { op: 'replace', path: `${ENTERPRISE}:costCenter`, value: '' },
        { op: 'remove', path: `${ENTERPRISE}:manager.value` },
      ],
      { name: undefined, enterprise: undefined },
    ],
    ['replace of an extension with null clears it', [{ op: 'replace', value: { [CAMPUS]: null } }], { campus: undefined }],

    [
      'manager as a bare id',
      [{ op: 'Add', path: `${ENTERPRISE}:manager`, value: '2' }],
      { enterprise: { ...enterprise, manager: { value: '2' } } },
    ],
    [
      'manager as a list',
      [{ op: 'Add', path: `${ENTERPRISE}:manager`, value: [{ $ref: null, value: '2' }] }],
      { enterprise: { ...enterprise, manager: { value: '2' } } },
    ],
    [
      'manager by its value, without the address of the old one',
      [{ op: 'add', path: `${ENTERPRISE}:manager.value`, value: '2' }],
      { enterprise: { ...enterprise, manager: { value: '2' } } },
    ],
    [
      'manager cleared with ""',
      [{ op: 'Replace', path: `${ENTERPRISE}:manager`, value: '' }],
      { enterprise: { department: 'x' } },
    ],

    ['remove of one value', [{ op: 'remove', path: 'emails[type eq "home"]' }], { emails: [WORK] }],
    [
      'remove of all values',
      [
        { op: 'remove', path: 'emails' },
        { op: 'remove', path: 'title' },
      ],
      { emails: undefined, title: undefined },
    ],
    [
      'remove of a part',
      [
        { op: 'remove', path: 'name.givenName' },
        { op: 'remove', path: 'emails[type eq "work"].primary' },
      ],
      { name: { familyName: 'L' }, emails: [{ type: 'work', value: 'w' }, HOME] },
    ],
    [
      'remove by a list of values',
      [
        { op: 'Remove', path: 'emails', value: [{ $ref: null, value: 'h' }] },
        { op: 'Remove', path: `${CAMPUS}:tags`, value: ['honours', 'band'] },
      ],
      { emails: [WORK], campus: { netid: 'n', customFields: campus.customFields } },
    ],
    [
      'remove of what is not there',
      [
        { op: 'remove', path: 'emails[type eq "fax"]' },
        { op: 'remove', path: 'emails', value: [{ value: 'zz' }] },
        { op: 'remove', path: 'nickName' },
      ],
      {},
    ],
    ['remove of an extension', [{ op: 'remove', path: ENTERPRISE }], { enterprise: undefined }],
    [
      'remove of the last value of an extension',
      [
        { op: 'remove', path: `${ENTERPRISE}:department` },
        { op: 'remove', path: `${ENTERPRISE}:manager` },
      ],
      { enterprise: undefined },
    ],

    [
      'ignores what clients repeat',
      [
        { op: 'replace', value: { id: ID, schemas: [CORE], meta: { resourceType: 'User' }, groups: [], title: 'Prof' } },
        { op: 'add', path: 'schemas', value: [CAMPUS] },
      ],
      { title: 'Prof' },
    ],
    [
      'ignores what no schema knows in a value',
      [{ op: 'replace', value: { nonsense: 1, 'urn:x:y': 2, title: 'Prof', ['__proto__']: 1 } }],
      { title: 'Prof' },
    ],
    [
      'drops a password',
      [
        { op: 'replace', value: { password: 'x' } },
        { op: 'add', path: 'password', value: 'x' },
      ],
      {},
    ],
    ['leaves externalId to the binding', [{ op: 'replace', path: 'externalId', value: 'e' }], {}],

    [
      'makes an element of a filter whose names are in any case',
      [{ op: 'replace', path: 'ADDRESSES[TYPE eq "work"].LOCALITY', value: 'Porto' }],
      { addresses: [{ type: 'work', locality: 'Porto' }] },
    ],

    ['remove without a path', [{ op: 'remove' }], 'noTarget'],
    ['replace of a value path without a match', [{ op: 'replace', path: 'emails[type sw "x"].value', value: 'o' }], 'noTarget'],
    ['replace of a value that is not there', [{ op: 'replace', path: 'emails[value eq "zz"].type', value: 'work' }], 'noTarget'],
    ['an unknown operation', [{ op: 'frobnicate', path: 'title', value: 'x' }], 'invalidSyntax'],
    ['an operation that is no object', ['x'], 'invalidSyntax'],
    ['an unknown path', [{ op: 'replace', path: 'nonsense', value: 'x' }], 'invalidPath'],
    ['a JSON pointer', [{ op: 'replace', path: '/title', value: 'x' }], 'invalidPath'],
    ['an empty path', [{ op: 'replace', path: '', value: { title: 'x' } }], 'invalidPath'],
    ['a path that is no text', [{ op: 'replace', path: 5, value: 'x' }], 'invalidPath'],
    ['a filter on a single value', [{ op: 'replace', path: 'name[givenName eq "x"].familyName', value: 'x' }], 'invalidPath'],
    ['a value of the wrong kind', [{ op: 'replace', path: 'title', value: { $ne: 1 } }], 'invalidValue'],
    ['a list of what it cannot hold', [{ op: 'replace', path: 'emails', value: [{ address: 'x' }] }], 'invalidValue'],
    ['a list of what it cannot hold, to be removed', [{ op: 'remove', path: 'emails', value: { mail: 'w' } }], 'invalidValue'],
    ['values of another kind, to be removed', [{ op: 'remove', path: 'emails', value: [{ value: 5 }] }], 'invalidValue'],
    ['no value without a path', [{ op: 'replace' }], 'invalidValue'],
    ['an add without a value', [{ op: 'add', path: 'title' }], 'invalidValue'],
    ['a certificate that is no base64', [{ op: 'add', path: 'x509Certificates', value: [{ value: 'no!' }] }], 'invalidValue'],
    ['a userName without a value', [{ op: 'replace', path: 'userName', value: '' }], 'invalidValue'],
    ['remove of userName', [{ op: 'remove', path: 'userName' }], 'mutability'],
    ['groups', [{ op: 'add', path: 'groups', value: [{ value: 'g' }] }], 'mutability'],
    ['groups in a value', [{ op: 'replace', value: { groups: [{ value: 'g' }] } }], 'mutability'],
    ['another id', [{ op: 'replace', value: { id: '02' } }], 'mutability'],
    ['meta', [{ op: 'replace', path: 'meta.created', value: '2001-01-01T00:00:00Z' }], 'mutability'],
    [
      'more values than a list may have',
      [{ op: 'add', path: 'roles', value: Array.from({ length: 1000 }, (_, i) => ({ value: `${i}` })) }],
      'invalidValue',
    ],
  ] as const satisfies readonly (readonly [string, readonly unknown[], object | ScimCode])[]) {
    if (typeof expected === 'string') {
      it(`answers ${expected}: ${why}`, () => {
        const result = patched(BEFORE, { op: 'replace', path: 'displayName', value: 'never' }, ...operations)
        assert(result instanceof ScimProblem)
        assert.equal(result.code, expected)
      })
    } else it(why, () => assert.deepEqual(changes(patched(BEFORE, ...operations)), expected))
  }

  it('reads an externalId that is wrapped like a member', () => {
    const Operations = [{ op: 'Replace', path: 'externalId', value: [{ $ref: null, value: 'e' }] }]
    assert.deepEqual(parsePatch(USER, { Operations }), [{ kind: 'externalId', externalId: 'e' }])
  })

  it('takes an externalId away, whatever else is said of it', () => {
    const Operations = [{ op: 'remove', path: 'externalId', value: 'e' }]
    assert.deepEqual(parsePatch(USER, { Operations }), [{ kind: 'externalId', externalId: null }])
  })

  for (const body of [null, [], {}, { Operations: [] }, { Operations: {} }, { operations: 'x' }]) {
    it(`refuses ${JSON.stringify(body)}`, () => assert.equal((parsePatch(USER, body) as ScimProblem).code, 'invalidSyntax'))
  }

  describe('takes little time for the most that one request can hold', () => {
    const many = Array.from({ length: 1000 }, (_, i) => ({ value: `${i}`, type: `t${i}` }))
    const crowded = { userName: 'ada', emails: many }
    const filter = 'emails[not (value eq "zz") and (type sw "t" or display co "x")].display'
    for (const [why, operations] of [
      ['adds', Array.from({ length: 50 }, () => ({ op: 'add', path: 'emails', value: many.slice(1) }))],
      [
        'adds that differ in a label',
        [{ op: 'add', path: 'emails', value: many.map((one, i) => ({ ...one, value: 'same', type: 'same', display: `${i}` })) }],
      ],
      [
        'removes',
        Array.from({ length: 50 }, () => ({
          op: 'remove',
          path: 'emails',
          value: many.map(({ value }) => ({ value: `no ${value}` })),
        })),
      ],
      ['filters', Array.from({ length: 1000 }, () => ({ op: 'replace', path: filter, value: 'd' }))],
    ] as const) {
      it(why, async () => {
        const ms = await cpuMsOf(() => {
          const result = patched(crowded, ...operations)
          if (result instanceof ScimProblem) assert.match(result.code, /tooMany|invalidValue/)
        })
        assert.ok(ms < 3000, `it took ${ms.toFixed(0)} ms`)
      })
    }
  })

  describe('does only so much at once', () => {
    const emails = Array.from({ length: 1000 }, (_, i) => ({ value: `${i}@uni.edu`, type: `t${i}` }))
    const long = Array.from({ length: 30 }, (_, i) => ({ value: `${i}`, display: 'x'.repeat(32_000) }))
    const terms = Array.from({ length: 150 }, () => 'value co "no"').join(' or ')
    const spelled = (name: string, times: number) =>
      Array.from({ length: times }, (_, i) => [...name].map((c, at) => ((i >> at) & 1 ? c.toUpperCase() : c)).join(''))
    const each = (names: readonly string[], value: unknown) => [
      { op: 'add', value: Object.fromEntries(names.map((name) => [name, value])) },
    ]
    for (const [why, list, operations] of [
      ['a part of all values, by a name in many cases', emails, each(spelled('emails.display', 2000), 'd')],
      [
        'one value more, many times',
        emails.slice(1),
        each(spelled('emails', 64).concat(spelled(`${CORE}:emails`, 100)), [emails[1]]),
      ],
      ['filters of many terms', emails, [{ op: 'replace', path: `emails[not (${terms})].display`, value: 'd' }]],
      ['many filters', [], Array.from({ length: 40 }, () => ({ op: 'remove', path: `emails[${terms}]` }))],
      ['long values', long, each(spelled('emails.type', 500), 't')],
    ] as const)
      it(why, () => {
        const result = patched({ userName: 'ada', emails: list }, ...operations)
        assert.ok(result instanceof ScimProblem)
        assert.equal(result.code, 'tooMany')
      })
  })

  it('makes of anything a valid record or a problem, and leaves the record it began with as it was', () => {
    const paths = constantFrom(
      'emails',
      'emails[type eq "work"].value',
      'emails[type eq "new"]',
      'emails[primary eq true].primary',
      'name',
      'name.givenName',
      'title',
      'active',
      ENTERPRISE,
      `${ENTERPRISE}:manager`,
      `${CAMPUS}:tags`,
      `${CAMPUS}:customFields[name eq "Locker"].value`,
      `${CAMPUS}:entryYear`,
      'roles.value',
      'userName',
      'externalId',
      'groups',
      '__proto__',
    )
    const element = record(
      {
        value: oneof(string(), anything()),
        type: constantFrom('work', 'home', 'x'),
        primary: constantFrom(true, 'False', 1, null),
      },
      { requiredKeys: [] },
    )
    const value = oneof(
      element,
      array(element),
      anything(),
      dictionary(oneof(paths, string()), oneof(element, string(), anything())),
    )
    const operation = record(
      { op: constantFrom('add', 'Replace', 'remove'), path: oneof(paths, string()), value },
      { requiredKeys: ['op'] },
    )
    const before = JSON.stringify(BEFORE)
    property(
      all(
        array(oneof({ arbitrary: operation, weight: 9 }, { arbitrary: anything(), weight: 1 }), { maxLength: 6 }),
        (operations) => {
          for (const record of [BEFORE, { userName: 'ada' }]) {
            const result = patched(record, ...operations)
            if (result instanceof ScimProblem) continue
            assert.deepEqual(problemsOf(result), [])
            assert(!holdsEmpty(result))
            for (const list of Object.values(result)) {
              if (Array.isArray(list)) assert(list.filter((one) => one?.primary === true).length < 2)
            }
          }
          assert.equal(JSON.stringify(BEFORE), before)
        },
      ),
      { numRuns: 1500 },
    )
  })
})
