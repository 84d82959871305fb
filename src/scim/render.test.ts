import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { USER } from '../directory/schema.ts'
import type { JsonObject, User } from '../directory/user.ts'
import { NO_GROUPS } from './belonging.ts'
import { ByteWriter } from './byte-writer.ts'
import { NO_MANAGERS } from './managers.ts'
import { namesIn, projectionOf } from './projection.ts'
import type { UserBytes } from './render.ts'
import { renderUser, writeUser } from './render.ts'

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const CAMPUS = 'urn:ietf:params:scim:schemas:extension:campus:2.0:User'
const BASE = 'https://roll.example/institutions/uni/scim/v2'
const AS_SCIM = { source: 'scim', schema: USER, base: BASE, belonging: NO_GROUPS, managers: NO_MANAGERS } as const
const AS_OTHER = { ...AS_SCIM, source: 'scim:other' } as const

function aUser(over: Partial<User> = {}): User {
  return {
    _id: '01',
    institution: 'uni',
    version: 'v1',
    keys: {},
    bindings: [{ source: 'scim', externalId: 'x1', state: 'bound' }],
    memberOf: [],
    resource: {
      userName: 'ada',
      active: true,
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      emails: [{ value: 'ada@uni.edu', type: 'work', primary: true }, { value: 'ada@home.example' }],
      enterprise: { department: 'Engines', manager: { value: '42' } },
      campus: { netid: 'ada1' },
    },
    provenance: [],
    created: 0,
    lastModified: 1000,
    ...over,
  }
}

describe('a User as one client sees it', () => {
  it('has the server’s attributes, the client’s externalId and extensions under their URNs', () => {
    assert.deepEqual(renderUser(aUser(), AS_SCIM), {
      schemas: [CORE, ENTERPRISE, CAMPUS],
      id: '01',
      externalId: 'x1',
      userName: 'ada',
      active: true,
      name: { givenName: 'Ada', familyName: 'Lovelace' },
      emails: [{ value: 'ada@uni.edu', type: 'work', primary: true }, { value: 'ada@home.example' }],
      [ENTERPRISE]: { department: 'Engines', manager: { value: '42' } },
      [CAMPUS]: { netid: 'ada1' },
      meta: {
        resourceType: 'User',
        created: '1970-01-01T00:00:00.000Z',
        lastModified: '1970-01-01T00:00:01.000Z',
        location: `${BASE}/Users/01`,
        version: 'W/"v1"',
      },
    })
  })

  it('names an extension only when it has values', () => {
    assert.deepEqual(renderUser(aUser({ resource: { userName: 'ada' } }), AS_SCIM).schemas, [CORE])
  })

  it('never shows the externalId of another source', () => {
    assert.equal(renderUser(aUser(), AS_OTHER).externalId, undefined)
  })

  it('shows a source its own withheld values, but active as it is in force', () => {
    const claims = [
      { source: 'scim', slot: 'name.givenName', value: 'Augusta', at: 0 },
      { source: 'scim', slot: 'active', value: false, at: 0 },
      { source: 'scim', slot: 'campus.netid', at: 0 },
    ] as const
    const own = renderUser(aUser({ claims }), AS_SCIM)
    assert.deepEqual([own.name, own.active, own[CAMPUS]], [{ givenName: 'Augusta', familyName: 'Lovelace' }, true, undefined])
    assert.deepEqual(renderUser(aUser({ claims }), AS_OTHER).name, { givenName: 'Ada', familyName: 'Lovelace' })
  })
})

describe('attributes and excludedAttributes', () => {
  const all = renderUser(aUser(), AS_SCIM)
  const head = { id: '01' }
  const emails = all.emails ?? null
  for (const [why, attributes, excluded, expected] of [
    ['shows what is named, and id', 'userName', '', { ...head, schemas: [CORE], userName: 'ada' }],
    [
      'ignores case',
      'USERNAME, Name.FAMILYNAME',
      '',
      { ...head, schemas: [CORE], userName: 'ada', name: { familyName: 'Lovelace' } },
    ],
    [
      'goes into lists',
      'emails.value',
      '',
      { ...head, schemas: [CORE], emails: [{ value: 'ada@uni.edu' }, { value: 'ada@home.example' }] },
    ],
    ['lets a whole attribute win over its part', 'emails.value,emails', '', { ...head, schemas: [CORE], emails }],
    [
      'takes an extension by its URN',
      ENTERPRISE,
      '',
      { ...head, schemas: [CORE, ENTERPRISE], [ENTERPRISE]: { department: 'Engines', manager: { value: '42' } } },
    ],
    [
      'takes an attribute by its full URN',
      `${CAMPUS}:netid,${CORE}:userName`,
      '',
      { ...head, schemas: [CORE, CAMPUS], userName: 'ada', [CAMPUS]: { netid: 'ada1' } },
    ],
    ['takes common attributes', 'externalId', '', { ...head, schemas: [CORE], externalId: 'x1' }],
    ['is not harmed by unknown names', 'nonsense,__proto__,a.b.c,password', '', { ...head, schemas: [CORE] }],
    [
      'excludes what is named, but never id and schemas',
      '',
      `id,schemas,emails,name.givenName,meta,${ENTERPRISE},${CAMPUS}:netid`,
      { ...head, schemas: [CORE], externalId: 'x1', userName: 'ada', active: true, name: { familyName: 'Lovelace' } },
    ],
    [
      'does both',
      'userName,name',
      'name.givenName',
      { ...head, schemas: [CORE], userName: 'ada', name: { familyName: 'Lovelace' } },
    ],
  ] as const satisfies readonly (readonly [string, string, string, JsonObject])[]) {
    it(why, () => assert.deepEqual(projectionOf(USER, namesIn(attributes), namesIn(excluded))?.of(all), expected))
  }

  it('leaves the resource as it was, and is nothing where nothing was asked', () => {
    const before = JSON.stringify(all)
    projectionOf(USER, ['emails.value'], ['name'])?.of(all)
    assert.equal(JSON.stringify(all), before)
    assert.equal(projectionOf(USER, namesIn(undefined), namesIn(' ,')), undefined)
  })
})

describe('a user as the store has it', () => {
  const stored = (user: User) => ({ ...user, resource: Buffer.from(JSON.stringify(user.resource)) }) as unknown as UserBytes
  const tricky = '"enterprise":{"x":1},"campus":{'
  for (const [what, resource] of [
    ['with no extension', { userName: 'ada', active: true }],
    ['with both extensions', { userName: 'ada', campus: { netid: 'a' }, enterprise: { department: 'Physics' } }],
    ['with an extension first', { campus: { netid: 'a' }, userName: 'ada' }],
    ['with values that look like extensions', { userName: tricky, title: `\\${tricky}`, campus: { program: tricky } }],
  ] as const) {
    it(`is shown as one that was parsed: ${what}`, () => {
      for (const bindings of [[], [{ source: 'scim', externalId: 'x"1', state: 'bound' }]] as const) {
        const user = aUser({ resource, bindings })
        const out = new ByteWriter(10)
        writeUser(out, stored(user), AS_SCIM)
        assert.deepEqual(JSON.parse(Buffer.from(out.end()).toString()), renderUser(user, AS_SCIM))
      }
    })
  }
})
