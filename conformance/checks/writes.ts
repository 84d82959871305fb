/**
 * Changes whose rule takes more than one answer to tell, and the version in the address.
 */
import type { JsonObject } from '../json.ts'
import { at, isAbsent, listOf, show } from '../json.ts'
import type { Talk } from '../play.ts'
import { SCHEMAS } from '../urns.ts'
import type { CodedCheck } from './coded.ts'

const MEMBERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const VERSION = /\/v\d+$/

export const WRITES: readonly CodedCheck[] = [
  {
    id: 'rfc/replace-no-such-type',
    clause: 'RFC 7644 3.5.2.3',
    level: 'should',
    what: 'replace by a type that no value has is refused, or makes that value, and nothing between',
    why: 'The RFC wants noTarget; clients rely on the value being made. Success without effect helps neither.',
    needs: ['patch'],
    attributes: ['User.emails'],
    run: async (talk) => {
      const id = await talk.create('User', 'u', { emails: [{ value: `${talk.rand}-w@campus.example`, type: 'work' }] })
      const value = `${talk.rand}-h@campus.example`
      const operation = { op: 'replace', path: 'emails[type eq "home"].value', value }
      const { status, json } = await talk.patch(`/Users/${id}`, [operation], { status: [200, 204, 400] })
      if (status === 400) return talk.expect(at(json, '/scimType') === 'noTarget', '/scimType', '"noTarget"', show(json))
      await talk.get(`/Users/${id}`, { json: { '/emails': { $has: [{ type: 'home', value }, { type: 'work' }] } } })
    },
  },
  {
    id: 'rfc/members-at-once',
    clause: 'RFC 7644 3.5.2',
    level: 'should',
    what: 'members that are added at the same time are all there',
    why: 'Each PATCH is atomic: none may undo what another has just done.',
    needs: ['patch', 'groups'],
    run: async (talk) => {
      const ids: string[] = []
      for (const name of MEMBERS) ids.push(await talk.create('User', name))
      const group = await talk.create('Group', 'group')
      await Promise.all(ids.map((id) => talk.patch(`/Groups/${group}`, [{ op: 'add', path: 'members', value: [{ value: id }] }])))
      await talk.get(`/Groups/${group}`, { json: { '/members': { $set: ids.map((value) => ({ value })) } } })
    },
  },
  {
    id: 'rfc/etag-of-writes',
    clause: 'RFC 7644 3.14',
    level: 'must',
    what: 'PUT and PATCH are answered with the ETag of what they made, which is meta.version',
    why: 'ETags MUST be in a header, and version MUST be the same; a client goes on with the tag of its own change.',
    source: 'RFC 7643 3.1',
    needs: ['etag', 'patch'],
    attributes: ['User.displayName'],
    run: (talk) => tagged(talk, 'User', { userName: `${talk.rand}-u@campus.example`, displayName: 'Second' }),
  },
  {
    id: 'rfc/etag-of-group-writes',
    clause: 'RFC 7644 3.14',
    level: 'must',
    what: 'PUT and PATCH of a group are answered with its ETag too',
    why: 'ETags are of resources of any type.',
    source: 'RFC 7643 3.1',
    needs: ['etag', 'patch', 'groups'],
    run: (talk) => tagged(talk, 'Group', { displayName: `${talk.rand} second` }),
  },
  {
    id: 'rfc/version-in-the-address',
    clause: 'RFC 7644 3.13',
    level: 'must',
    what: 'a version of the protocol that is not there is refused',
    why: 'A version in the address MUST be the one that is used, or the request be rejected.',
    isReadOnly: true,
    run: async (talk) => {
      if (!VERSION.test(talk.base)) return talk.notOffered('the address of the server has no version')
      const path = `${talk.base.replace(VERSION, '/v9999')}/ServiceProviderConfig`
      const { status, json } = await talk.step({ method: 'GET', path, expect: { status: [400, 401, 403, 404, 405, 410, 501] } })
      talk.expect(status !== 200 && isAbsent(at(json, '/Resources')), 'body', 'no resources', show(json))
    },
  },
  {
    id: 'rfc/me-not-done',
    clause: 'RFC 7644 3.11',
    level: 'should',
    what: 'a service provider without /Me says 501',
    why: 'A service provider that does NOT support /Me SHOULD respond with 501.',
    isReadOnly: true,
    run: async (talk) => {
      const { status, json } = await talk.step({ method: 'GET', path: '/Me', expect: { status: [200, 308, 501] } })
      const wanted = status === 200 ? '/id' : '/status'
      talk.expect(status === 308 || typeof at(json, wanted) === 'string', wanted, 'a text', show(json))
    },
  },
  {
    id: 'rfc/list-of-one',
    clause: 'RFC 7644 3.8',
    level: 'must',
    what: 'many values are a list, even if there is one only',
    why: 'Multi-valued attributes in JSON are encoded as arrays.',
    attributes: ['User.emails'],
    run: async (talk) => {
      const id = await talk.create('User', 'u', { emails: [{ value: `${talk.rand}-w@campus.example`, type: 'work' }] })
      const { json } = await talk.get(`/Users/${id}`, { json: { '/emails': { $type: 'array' }, '/schemas': { $type: 'array' } } })
      talk.expect(listOf(at(json, '/emails')).length === 1, '/emails', 'one value', show(at(json, '/emails')))
    },
  },
]

/** A body may do without `meta.version`, and an answer without a body without the header: what is told must be true. */
async function tagged(talk: Talk, type: 'User' | 'Group', second: JsonObject): Promise<void> {
  const path = `/${type}s/${await talk.create(type, 'u')}`
  const put = { method: 'PUT', path, body: { schemas: [SCHEMAS[type]], ...second }, expect: { status: 200 } } as const
  for (const write of [
    () => talk.step(put),
    () => talk.patch(path, [{ op: 'replace', path: 'displayName', value: `${talk.rand} third` }]),
  ]) {
    const { status, headers, json } = await write()
    const tag = headers.get('etag')
    const version = at(json, '/meta/version')
    talk.expect(tag !== null || status === 204, 'header etag', 'an ETag', 'none')
    if (tag === null) continue
    talk.expect(isAbsent(version) || version === tag, '/meta/version', show(tag), show(version))
    const now = await talk.get(path)
    talk.expect(
      now.headers.get('etag') === tag,
      'header etag',
      `${tag}, as the change was answered`,
      show(now.headers.get('etag')),
    )
  }
}
