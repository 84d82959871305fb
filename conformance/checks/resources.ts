/**
 * What holds for every resource that is returned (RFC 7643 sections 2 and 3).
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Answer } from '../exchange.ts'
import { at, isObject, listOf, show } from '../json.ts'
import type { Talk } from '../play.ts'
import { EXTENSIONS, SCHEMAS } from '../urns.ts'
import type { CodedCheck } from './coded.ts'

const COMMON = new Set(['schemas', 'id', 'externalid', 'meta'])
/** A server may keep time by the second. */
const PATIENCE = { tries: 15, ms: 200 }

export const RESOURCES: readonly CodedCheck[] = [
  {
    id: 'rfc/listed-whole',
    clause: 'RFC 7643 3.1',
    level: 'must',
    what: 'whatever is listed has an id, schemas and meta',
    why: 'These are defined for all resources, and assigned by the service provider.',
    isReadOnly: true,
    run: async (talk) => {
      const { json } = await talk.get('/Users?count=20', { json: { '/totalResults': { $type: 'integer' } } })
      for (const user of listOf(at(json, '/Resources'))) {
        const where = `user ${show(at(user, '/id'))}`
        for (const pointer of ['/id', '/userName', '/meta/resourceType', '/meta/created', '/meta/lastModified', '/meta/location'])
          talk.expect(isText(at(user, pointer)), `${where} ${pointer}`, 'a text', show(at(user, pointer)))
        talk.expect(
          listOf(at(user, '/schemas')).includes(SCHEMAS.User),
          `${where} /schemas`,
          SCHEMAS.User,
          show(at(user, '/schemas')),
        )
      }
    },
  },
  {
    id: 'rfc/returned-declared',
    clause: 'RFC 7643 7',
    level: 'must',
    what: 'what a user is returned with is declared in its schemas',
    why: 'For each URN in schemas a schema specifies the attributes.',
    run: async (talk) => {
      const schemas = await talk.get('/Schemas')
      const id = await talk.create('User', 'u', { displayName: 'Ada', emails: [{ value: `${talk.rand}@campus.example` }] })
      const { json } = await talk.get(`/Users/${id}`)
      for (const [name, value] of Object.entries(isObject(json) ? json : {})) {
        if (COMMON.has(name.toLowerCase())) continue
        const urn = name.startsWith('urn:') ? name : SCHEMAS.User
        const declared = namesIn(schemas, urn)
        const found = urn === name ? Object.keys(isObject(value) ? value : {}) : [name]
        for (const one of found) talk.expect(declared.has(one.toLowerCase()), `/Schemas/${urn}`, `an attribute ${one}`, 'none')
      }
    },
  },
  {
    id: 'rfc/schemas-known',
    clause: 'RFC 7643 3',
    level: 'must',
    what: 'schemas has known URNs only, each once, whatever a client sent',
    why: 'schemas MUST only contain values of the resource type; duplicates MUST NOT be included.',
    run: async (talk) => {
      const schemas = [SCHEMAS.User, SCHEMAS.User, 'urn:example:unknown:2.0:User']
      const body = { schemas, userName: `${talk.rand}-u@campus.example` }
      const { status, json } = await talk.step({ method: 'POST', path: '/Users', body, expect: { status: [201, 400] } })
      if (status !== 201) return
      talk.expect(
        JSON.stringify(at(json, '/schemas')) === JSON.stringify([SCHEMAS.User]),
        '/schemas',
        show([SCHEMAS.User]),
        show(at(json, '/schemas')),
      )
    },
  },
  {
    id: 'rfc/primary-once',
    clause: 'RFC 7643 2.4',
    level: 'must',
    what: 'of two primary values at most one is kept',
    why: 'The primary value true MUST appear no more than once.',
    attributes: ['User.emails'],
    run: async (talk) => {
      const emails = ['a', 'b'].map((name) => ({ value: `${talk.rand}-${name}@campus.example`, primary: true }))
      const body = { schemas: [SCHEMAS.User], userName: `${talk.rand}-u@campus.example`, emails }
      const { status, json } = await talk.step({ method: 'POST', path: '/Users', body, expect: { status: [201, 400] } })
      const primary = listOf(at(json, '/emails')).filter((email) => at(email, '/primary') === true)
      talk.expect(status !== 201 || primary.length <= 1, '/emails', 'one primary value at most', show(at(json, '/emails')))
    },
  },
  {
    id: 'rfc/last-modified',
    clause: 'RFC 7643 3.1',
    level: 'must',
    what: 'a change moves lastModified and leaves created',
    why: 'lastModified is when the resource was updated; created is when it was added.',
    needs: ['patch'],
    attributes: ['User.displayName'],
    run: async (talk) => {
      const id = await talk.create('User', 'u')
      const first = (await talk.get(`/Users/${id}`)).json
      const [created, before] = [at(first, '/meta/created'), at(first, '/meta/lastModified')]
      for (let tries = 1; tries <= PATIENCE.tries; tries++) {
        await talk.patch(`/Users/${id}`, [{ op: 'replace', path: 'displayName', value: `Change ${tries}` }])
        const { json } = await talk.get(`/Users/${id}`, { json: { '/meta/created': created ?? null } })
        const after = at(json, '/meta/lastModified')
        if (Date.parse(String(after)) > Date.parse(String(before))) return
        if (tries === PATIENCE.tries) talk.expect(false, '/meta/lastModified', `later than ${show(before)}`, show(after))
        await wait(PATIENCE.ms)
      }
    },
  },
  {
    id: 'rfc/references',
    clause: 'RFC 7643 2.3.7',
    level: 'must',
    what: 'a $ref leads to the resource that it is about',
    why: 'A client that GETs a reference MUST receive the target resource.',
    needs: ['groups'],
    run: async (talk) => {
      const user = await talk.create('User', 'u')
      const group = await talk.create('Group', 'g', { members: [{ value: user }] })
      await follow(talk, await talk.get(`/Groups/${group}`), '/members/0', user)
      await follow(talk, await talk.get(`/Users/${user}`), '/groups/0', group)
    },
  },
  {
    id: 'rfc/manager-reference',
    clause: 'RFC 7643 4.3',
    level: 'should',
    what: 'the $ref of a manager leads to the manager',
    why: '$ref is the URI of the User that is the manager.',
    needs: ['enterprise'],
    run: async (talk) => {
      const boss = await talk.create('User', 'boss')
      const user = await talk.create('User', 'u', { [EXTENSIONS.enterprise]: { manager: { value: boss } } })
      await follow(talk, await talk.get(`/Users/${user}`), `/${EXTENSIONS.enterprise}/manager`, boss)
    },
  },
]

/** `$ref` is optional; where it is, it must lead there. */
async function follow(talk: Talk, { json }: Answer, pointer: string, id: string): Promise<void> {
  const reference = at(json, `${pointer}/$ref`)
  if (typeof reference !== 'string') return
  // A relative one is relative to the base (RFC 7643 section 2.3.7).
  const path = new URL(reference, `${talk.base}/`).href
  await talk.step({ method: 'GET', path, here: true, expect: { status: 200, json: { '/id': id } } })
}

function namesIn({ json }: Answer, urn: string): Set<string> {
  const schema = listOf(at(json, '/Resources')).find((one) => at(one, '/id') === urn)
  return new Set(listOf(at(schema, '/attributes')).map((attribute) => String(at(attribute, '/name')).toLowerCase()))
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}
