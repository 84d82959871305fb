import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Current, Draft, Edit, Refusal } from '../directory/change.ts'
import type { Institution } from '../directory/institution.ts'
import { USER } from '../directory/schema.ts'
import { slotsOf } from '../directory/slots.ts'
import type { Resource, Source, User } from '../directory/user.ts'
import { createEdit, deleteEdit, patchEdit, putEdit } from './edits.ts'
import { ScimProblem } from './errors.ts'
import { mappingOf } from './mapping.ts'
import { normalise } from './normalise.ts'
import { parsePatch } from './patch-steps.ts'

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const CAMPUS = 'urn:ietf:params:scim:schemas:extension:campus:2.0:User'

type State = 'none' | 'bound' | 'deleted' | 'unbound'
type Shown = 'exists' | 'missing' | `${'bound' | 'deleted'} ${'active' | 'inactive'}`

const institution = (map = {}): Institution => ({
  _id: 'uni',
  institution: '*',
  version: 'v',
  name: 'Uni',
  settings: { scim: { map } },
  created: 0,
  lastModified: 0,
})

function sent(body: object) {
  const result = normalise(USER, { userName: 'ada', ...body })
  assert(!(result instanceof ScimProblem))
  return result
}

function steps(...operations: object[]) {
  const result = parsePatch(USER, { Operations: operations })
  assert(!(result instanceof ScimProblem), result instanceof ScimProblem ? result.detail : '')
  return result
}

function aCurrent(
  resource: Resource,
  options: { state?: State; owners?: { [slot: string]: Source }; externalId?: string } = {},
): Current {
  const { state = 'bound', owners = {}, externalId } = options
  const provenance = Array.from(slotsOf(resource).keys(), (slot) => ({ source: owners[slot] ?? 'scim', at: 0, slots: [slot] }))
  const binding =
    state === 'bound' || state === 'deleted'
      ? { source: 'scim' as const, state, ...(externalId === undefined ? {} : { externalId }) }
      : undefined
  const user: User = {
    _id: '01',
    institution: 'uni',
    version: 'v',
    keys: { userName: 'ada' },
    bindings: binding === undefined ? [{ source: 'scim:other', state: 'bound' }] : [binding],
    memberOf: [],
    resource,
    provenance,
    created: 0,
    lastModified: 0,
  }
  return binding === undefined ? { user, resource } : { user, resource, binding }
}

const edits = {
  POST: (body: object = {}) => createEdit(sent(body), 'scim'),
  PUT: (body: object = {}, map = {}) => putEdit(sent(body), 'scim', mappingOf(institution(map))),
  PATCH: (operation: object = { op: 'replace', path: 'title', value: 'Dr' }, map = {}) =>
    patchEdit(steps(operation), mappingOf(institution(map))),
  DELETE: () => deleteEdit,
}

function draftOf(edit: Edit, current: Current | undefined): Draft {
  const result = edit(current, { now: 0 })
  assert(!('kind' in result), JSON.stringify(result))
  return result
}

function shown(result: Draft | Refusal): Shown {
  if ('kind' in result) return result.kind === 'conflict' && result.code === 'exists' ? 'exists' : 'missing'
  return `${result.binding?.state ?? 'bound'} ${result.resource.active === false ? 'inactive' : 'active'}`
}

describe('what becomes of a record', () => {
  for (const [state, isActive, POST, PUT, PATCH, DELETE] of [
    ['none', true, 'bound active', 'missing', 'missing', 'missing'],
    ['bound', true, 'exists', 'bound active', 'bound active', 'deleted inactive'],
    ['bound', false, 'bound active', 'bound inactive', 'bound inactive', 'deleted inactive'],
    ['deleted', true, 'bound active', 'missing', 'missing', 'missing'],
    ['deleted', false, 'bound active', 'missing', 'missing', 'missing'],
    ['unbound', true, 'bound active', 'bound active', 'bound active', 'deleted inactive'],
    ['unbound', false, 'bound inactive', 'bound inactive', 'bound inactive', 'deleted inactive'],
  ] as const) {
    for (const [method, expected] of Object.entries({ POST, PUT, PATCH, DELETE })) {
      it(`${state}, ${isActive ? 'active' : 'inactive'}: ${method} leaves it ${expected}`, () => {
        const current = state === 'none' ? undefined : aCurrent({ userName: 'ada', active: isActive }, { state })
        assert.equal(shown(edits[method as keyof typeof edits]()(current, { now: 0 })), expected)
      })
    }
  }

  it('keeps active as a client sends it with the POST that brings a record back', () => {
    const current = aCurrent({ userName: 'ada', active: false }, { state: 'deleted' })
    assert.equal(draftOf(edits.POST({ active: false }), current).resource.active, false)
  })

  it('names the key by which an active user is there already', () => {
    const result = edits.POST()(aCurrent({ userName: 'ada', active: true }), { now: 0 })
    assert('kind' in result && result.kind === 'conflict' && result.key === 'userName')
  })
})

describe('POST on a record that the client does not have', () => {
  const there = {
    userName: 'ada',
    title: 'Dr',
    name: { givenName: 'Ada' },
    emails: [{ type: 'home', value: 'h', primary: true }],
    campus: { netid: 'n', tags: ['a'] },
  }
  const current = aCurrent(there, { state: 'unbound' })

  it('merges what was sent and leaves alone what was not, or was null', () => {
    const body = {
      title: null,
      name: { familyName: 'L' },
      emails: [{ type: 'work', value: 'w' }],
      [CAMPUS]: { tags: ['b'] },
      externalId: 'x',
    }
    assert.deepEqual(draftOf(edits.POST(body), current), {
      resource: {
        userName: 'ada',
        title: 'Dr',
        name: { familyName: 'L', givenName: 'Ada' },
        emails: [
          { type: 'work', value: 'w' },
          { type: 'home', value: 'h', primary: true },
        ],
        campus: { tags: ['b', 'a'], netid: 'n' },
      },
      binding: { state: 'bound', externalId: 'x' },
    })
  })

  it('has one primary when both had one: what was sent', () => {
    const { resource } = draftOf(edits.POST({ emails: [{ type: 'work', value: 'w', primary: true }] }), current)
    assert.deepEqual(resource.emails, [
      { type: 'work', value: 'w', primary: true },
      { type: 'home', value: 'h', primary: false },
    ])
  })
})

describe('PUT', () => {
  const there = {
    userName: 'ada',
    active: true,
    title: 'Dr',
    nickName: 'A',
    emails: [
      { type: 'work', value: 'w' },
      { type: 'home', value: 'h' },
    ],
    enterprise: { department: 'x', division: 'y' },
    campus: { netid: 'n', program: 'p' },
  }
  const owners = { nickName: 'file', 'emails[home]': 'file', 'enterprise.division': 'file', 'campus.program': 'api' } as const
  const current = aCurrent(there, { owners, externalId: 'x' })

  it('clears what is absent and was written by a SCIM client, active apart', () => {
    assert.deepEqual(draftOf(edits.PUT(), current), {
      resource: {
        userName: 'ada',
        active: true,
        nickName: 'A',
        emails: [{ type: 'home', value: 'h' }],
        enterprise: { department: 'x', division: 'y' },
        campus: { netid: 'n', program: 'p' },
      },
      binding: { state: 'bound' },
    })
  })

  it('clears in an extension only where the body names it', () => {
    const { resource } = draftOf(edits.PUT({ [ENTERPRISE]: { costCenter: 'c' } }), current)
    assert.deepEqual([resource.enterprise, resource.campus], [{ costCenter: 'c', division: 'y' }, there.campus])
  })

  it('clears what is sent as null or empty, whoever wrote it', () => {
    const { resource, binding } = draftOf(
      edits.PUT({ nickName: '', emails: [], externalId: null, [CAMPUS]: { program: null } }),
      current,
    )
    assert.deepEqual([resource.nickName, resource.emails, resource.campus], [undefined, undefined, undefined])
    assert.deepEqual(binding, { state: 'bound', externalId: null })
  })

  it('gives up a claim that it no longer makes', () => {
    const claims = [{ source: 'scim', slot: 'nickName', value: 'B', at: 0 }] as const
    const claiming = { ...current, user: { ...current.user, claims }, resource: { ...current.resource, nickName: 'B' } }
    assert.equal(draftOf(edits.PUT(), claiming).resource.nickName, undefined)
  })
})

describe('scim.map', () => {
  const netidFromUserName = { netid: { path: 'userName', take: 'localPart' } } as const

  it('fills a field that was not sent, in a PUT also from the externalId that is known', () => {
    const current = aCurrent({ userName: 'ada' }, { externalId: 'ada1' })
    assert.deepEqual(draftOf(edits.PUT({}, { netid: 'externalId' }), current).resource.campus, { netid: 'ada1' })
    assert.deepEqual(draftOf(edits.PUT({ [CAMPUS]: { netid: 'own' } }, { netid: 'externalId' }), current).resource.campus, {
      netid: 'own',
    })
  })

  for (const [why, userName, netid] of [
    ['takes what stands before the last @', 'a@b@uni.edu', 'a@b'],
    ['takes all of it where there is no @', 'ada', 'ada'],
    ['takes nothing from nothing', '@uni.edu', undefined],
  ] as const) {
    it(why, () => {
      const view = { resource: { userName } }
      const { campus } = mappingOf(institution(netidFromUserName)).onto(view) as { campus?: { netid: string } }
      assert.equal(campus?.netid, netid)
    })
  }

  it('reads value paths and writes them', () => {
    const map = { email: 'userName', mobile_number: 'phoneNumbers[type eq "work"].value', year_of_entry: 'nickName' }
    const view = { resource: { userName: 'a@b.c', nickName: '2027', phoneNumbers: [{ type: 'work', value: '1' }] } }
    assert.deepEqual(mappingOf(institution(map)).onto(view), {
      ...view.resource,
      emails: [{ value: 'a@b.c' }],
      phoneNumbers: [
        { type: 'work', value: '1' },
        { type: 'mobile', value: '1' },
      ],
      campus: { entryYear: 2027 },
    })
  })

  it('follows in a PATCH what a field comes from, unless the PATCH touches the field', () => {
    const current = aCurrent({ userName: 'ada@uni.edu', campus: { netid: 'ada' } })
    const rename = { userName: 'eva@uni.edu' }
    const after = (value: object) => draftOf(edits.PATCH({ op: 'replace', value }, netidFromUserName), current).resource.campus
    assert.deepEqual(after(rename), { netid: 'eva' })
    assert.deepEqual(after({ ...rename, [`${CAMPUS}:netid`]: 'own' }), { netid: 'own' })
    assert.deepEqual(after({ title: 'Dr' }), { netid: 'ada' })
    assert.equal(after({ ...rename, [CAMPUS]: null }), undefined)
  })

  it('follows an externalId that a PATCH sets', () => {
    const current = aCurrent({ userName: 'ada' }, { state: 'unbound' })
    const draft = draftOf(edits.PATCH({ op: 'add', path: 'externalId', value: 'ada1' }, { netid: 'externalId' }), current)
    assert.deepEqual(draft, {
      resource: { userName: 'ada', campus: { netid: 'ada1' } },
      binding: { state: 'bound', externalId: 'ada1' },
    })
  })
})
