import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import suite from '../../../conformance/cases/filters.json' with { type: 'json' }
import { keysOf } from '../../directory/keys.ts'
import { EXTENSIONS } from '../../directory/schema.ts'
import { searchOf } from '../../directory/search.ts'
import type { Binding, Json, JsonObject, Resource } from '../../directory/user.ts'
import type { Predicate } from '../../store/predicate.ts'
import { ScimProblem } from '../errors.ts'
import type { ResourceType } from '../resource-type.ts'
import { typeIn, USER_TYPE } from '../resource-type.ts'
import { compileFilter } from './compile.ts'
import { holds } from './holds.ts'
import { parseFilter } from './parse.ts'

const SOURCE = 'scim:entra'

describe('compileFilter', () => {
  const people = suite.users.map(({ ref, resource }) => storedAs(ref, resource as unknown as JsonObject))
  for (const one of suite.cases) {
    if (one.level === 'parse' || (one.valid === false && !('semantic' in one))) continue
    it(`answers ${one.id} as it must: ${one.filter}`, () => {
      const predicate = compiled(one.filter)
      if (predicate instanceof ScimProblem) {
        assert.ok(one.valid !== true || one.level === 'may', predicate.detail)
        assert.ok(predicate.code === 'invalidFilter' || predicate.code === 'sensitive')
        return
      }
      assert.notEqual(one.valid, false)
      const found = people.filter((person) => holds(predicate, person)).map(({ _id }) => _id)
      for (const ref of one.matches ?? []) assert.ok(found.includes(ref), `${ref} is missing`)
      for (const ref of one.misses ?? []) assert.ok(!found.includes(ref), `${ref} must not be there`)
    })
  }

  for (const [filter, expected] of [
    ['userName eq " ÀDA@x.edu"', { op: 'eq', path: 'keys.userName', value: 'àda@x.edu' }],
    ['userName eq " "', { op: 'or', of: [] }],
    ['userName ne " "', { op: 'and', of: [] }],
    [`${EXTENSIONS.campus}:netid3 eq "X1"`, { op: 'eq', path: 'keys.netid3', value: 'x1' }],
    ['id eq "Ab"', { op: 'eq', path: '_id', value: 'Ab' }],
    ['meta.lastModified gt "2027-01-31T08:00:00+02:00"', { op: 'gt', path: 'lastModified', value: Date.UTC(2027, 0, 31, 6) }],
    ['meta.created le "2027-01-31"', { op: 'le', path: 'created', value: Date.UTC(2027, 0, 31) }],
    ['emails eq "A@x"', { op: 'any', path: 'search.emails', where: { op: 'eq', path: 'value', value: 'a@x' } }],
    [
      'emails.type ne "Work"',
      { op: 'not', of: { op: 'any', path: 'search.emails', where: { op: 'eq', path: 'type', value: 'work' } } },
    ],
    [
      'emails[type eq "work"].value eq "A@x"',
      {
        op: 'and',
        of: [
          { op: 'any', path: 'search.emails', where: { op: 'eq', path: 'value', value: 'a@x' } },
          {
            op: 'any',
            path: 'search.emails',
            where: {
              op: 'and',
              of: [
                { op: 'eq', path: 'type', value: 'work' },
                { op: 'eq', path: 'value', value: 'a@x' },
              ],
            },
          },
        ],
      },
    ],
    ['emails pr', { op: 'pr', path: 'search.emails' }],
    ['emails eq null', { op: 'not', of: { op: 'pr', path: 'search.emails' } }],
    ['title eq null', { op: 'not', of: { op: 'pr', path: 'search.title' } }],
    ['title ne null', { op: 'pr', path: 'search.title' }],
    ['active eq "True"', { op: 'eq', path: 'search.active', value: true }],
    [
      `${EXTENSIONS.campus}:tags eq "Chess"`,
      { op: 'any', path: 'search.campus.tags', where: { op: 'eq', path: '', value: 'chess' } },
    ],
    [`${EXTENSIONS.campus}:entryYear ge "2020"`, { op: 'ge', path: 'search.campus.entryYear', value: 2020 }],
    [`${EXTENSIONS.enterprise}:manager.$ref pr`, { op: 'pr', path: 'search.enterprise.manager.ref' }],
    ['manager eq "M1"', { op: 'eq', path: 'search.enterprise.manager.value', value: 'M1' }],
    ['photos.value pr', { op: 'any', path: 'search.photos', where: { op: 'pr', path: 'value' } }],
    ['photos[value eq null]', { op: 'any', path: 'search.photos', where: { op: 'not', of: { op: 'pr', path: 'value' } } }],
    ['meta.resourceType eq "User"', { op: 'and', of: [] }],
    ['schemas eq "urn:x"', { op: 'or', of: [] }],
  ] as const) {
    it(`compiles ${filter}`, () => assert.deepEqual(compiled(filter), expected))
  }

  for (const [filter, said] of [
    ['usrName eq "x"', 'usrName is not an attribute of a User (did you mean "userName"?)'],
    ['name.givnName pr', 'name has no part givnName (did you mean "givenName"?)'],
    ['emails[typ eq "x"]', 'emails has no part typ (did you mean "type"?)'],
    ['emails[emails.type eq "x"]', 'emails has no part emails.type'],
    [`${EXTENSIONS.enterprise}:dept pr`, 'dept is not an attribute of the enterprise extension'],
    ['urn:example:x pr', 'urn:example is not a schema of a User'],
    ['name eq "x"', 'name has parts: compare one of them, such as name.familyName'],
    ['addresses eq "x"', 'addresses has parts: compare one of them, such as addresses.streetAddress'],
    ['schemas[value eq "x"]', 'schemas holds no objects: compare it without brackets, schemas eq "…"'],
    ['name[familyName eq "x"]', 'name has one value: brackets go with lists of values such as emails'],
    ['active gt true', 'active is true or false, which goes with eq, ne and pr, not with gt'],
    ['title eq 5', 'title is compared with text in double quotes'],
    ['title eq "\\ud800"', 'the text that title is compared with holds NUL or half a surrogate pair'],
    ['title co null', 'title co null has no meaning: null goes with eq and ne'],
    ['meta.created gt "yesterday"', 'meta.created is compared with a date and time such as "2027-01-31T08:00:00Z"'],
    ['meta.created gt "2027-02-30"', 'meta.created is compared with a date and time such as "2027-01-31T08:00:00Z"'],
    ['meta.created co "2027-01-31"', 'meta.created is no text: co has no meaning for it'],
    ['photos.value eq "x"', 'photos.value cannot be searched, but for pr'],
    ['meta.location eq "x"', 'meta.location cannot be searched: ask for id or meta.lastModified'],
  ] as const) {
    it(`refuses ${filter}`, () => {
      const answer = compiled(filter)
      assert.ok(answer instanceof ScimProblem)
      assert.deepEqual([answer.code, answer.detail], ['invalidFilter', said])
    })
  }

  it('never searches a password', () => {
    const answer = compiled('title pr or not (password eq "x")')
    assert.ok(answer instanceof ScimProblem && answer.code === 'sensitive' && answer.status === 403)
  })

  it('asks for what the asking source calls a person, and for nothing that others do', () => {
    const bindings: Binding[] = [
      { source: SOURCE, externalId: 'X-1', state: 'bound' },
      { source: 'scim:okta', externalId: '00u', state: 'bound' },
    ]
    const person = stored('p', {}, bindings)
    for (const [filter, expected] of [
      ['externalId eq "X-1"', true],
      ['externalId eq "x-1"', false],
      ['externalId eq "00u"', false],
      ['externalId ne "00u"', true],
      ['externalId ne "X-1"', false],
      ['externalId sw "X"', true],
      ['externalId sw "00"', false],
      ['externalId co "-1"', true],
      ['externalId co "0u"', false],
      ['externalId ew "1"', true],
      ['externalId ew "u"', false],
      ['externalId gt "X"', true],
      ['externalId lt "X"', false],
      ['externalId ge "0"', true],
      ['externalId pr', true],
      ['externalId eq null', false],
    ] as const) {
      const predicate = compiled(filter)
      assert.ok(!(predicate instanceof ScimProblem), filter)
      assert.equal(holds(predicate, person), expected, filter)
    }
    assert.ok(compiled('externalId co "scim"') instanceof ScimProblem)
    assert.equal(holds(compiled('externalId pr') as Predicate, stored('q', {}, bindings.slice(1))), false)
  })

  it('finds a schema by what a person has of it', () => {
    const netidOnly = stored('p', { userName: 'a', campus: { netid: 'x' } })
    const plain = stored('q', { userName: 'a' })
    for (const [filter, person, expected] of [
      [`schemas eq "${EXTENSIONS.campus}"`, netidOnly, true],
      [`schemas eq "${EXTENSIONS.campus.toUpperCase()}"`, netidOnly, true],
      [`schemas ne "${EXTENSIONS.campus}"`, netidOnly, false],
      [`schemas eq "${EXTENSIONS.campus}"`, plain, false],
      ['schemas co "core:2.0"', plain, true],
      ['schemas pr', plain, true],
    ] as const) {
      assert.equal(holds(compiled(filter) as Predicate, person), expected, filter)
    }
  })

  it('compares the beginning of very long values only', () => {
    const person = stored('p', { title: 'é'.repeat(3000), emails: [{ value: 'x'.repeat(2000) }] })
    assert.equal(holds(compiled(`title eq "${'É'.repeat(3000)}"`) as Predicate, person), true)
    assert.equal(holds(compiled(`emails eq "${'X'.repeat(2000)}"`) as Predicate, person), true)
  })
})

describe('a filter on what an institution declares itself', () => {
  const urn = 'urn:ietf:params:scim:schemas:extension:uni:2.0:User'
  const attributes = [
    { name: 'locker' },
    { name: 'credits', type: 'integer' },
    { name: 'bike', type: 'complex', subAttributes: [{ name: 'plate' }] },
    { name: 'clubs', multiValued: true },
  ]
  const type = typeIn({ scim: { extension: { urn, attributes } } }, USER_TYPE)
  const inSlots = (op: 'eq' | 'sw', value: string): Predicate => ({
    op: 'any',
    path: 'search.slots',
    where: { op, path: '', value },
  })
  for (const [filter, predicate] of [
    [`${urn}:locker eq "B-1"`, inSlots('eq', 'locker\u001fb-1')],
    [`${urn}:locker sw "B-"`, inSlots('sw', 'locker\u001fb-')],
    [`${urn}:credits eq 30`, inSlots('eq', 'credits\u001f30')],
    [`${urn}:bike.plate eq "U 1"`, inSlots('eq', 'bike.plate\u001fu 1')],
    [`${urn}:credits gt 30`, { op: 'gt', path: 'search.own.credits', value: 30 }],
    [`${urn}:locker pr`, { op: 'pr', path: 'search.own.locker' }],
    [`${urn}:clubs eq "Chess"`, { op: 'any', path: 'search.own.clubs', where: { op: 'eq', path: '', value: 'chess' } }],
  ] as const)
    it(`compiles ${filter}`, () => assert.deepEqual(compiled(filter, type), predicate))
})

function compiled(filter: string, type: ResourceType = USER_TYPE): Predicate | ScimProblem {
  const node = parseFilter(filter)
  return node instanceof ScimProblem ? node : compileFilter(node, { source: SOURCE, type, types: [type], related: new Map() })
}

function storedAs(ref: string, sent: JsonObject) {
  const { [EXTENSIONS.enterprise]: enterprise, [EXTENSIONS.campus]: campus, schemas: _, externalId, ...core } = sent
  const extensions = { ...(enterprise === undefined ? {} : { enterprise }), ...(campus === undefined ? {} : { campus }) }
  return stored(ref, { ...core, ...extensions } as { [name: string]: Json }, [
    { source: SOURCE, externalId: String(externalId), state: 'bound' },
  ])
}

function stored(_id: string, resource: Resource, bindings: readonly Binding[] = []) {
  const now = Date.UTC(2027, 0, 1)
  return {
    _id,
    keys: keysOf(resource),
    memberOf: [],
    created: now,
    lastModified: now,
    search: searchOf({ resource, bindings, memberOf: [] }),
  }
}
