/**
 * Faults in groups and their members.
 */
import type { JsonObject } from '../json.ts'
import { isObject, listOf } from '../json.ts'
import type { Call, Fault, Serve } from './fault.ts'
import { asking, at, deaf, operations, patch, resources, sending, without } from './fault.ts'

const GROUPS = /^\/Groups(\/|$)/
const inGroups = at(GROUPS)
const inUsers = at(/^\/Users(\/|$)/)
/** As many as the check adds at the same time. */
const AT_ONCE = 8

const members = (change: (members: readonly JsonObject[]) => readonly JsonObject[]) =>
  resources((group) => ({ ...group, members: change(listOf(group.members).filter(isObject)) }), inGroups)

export const GROUP_FAULTS: readonly Fault[] = [
  {
    name: 'takes a group without a name',
    caughtBy: ['rfc/group-name-required'],
    serve: sending(at(/^\/Groups$/), (body) => ({ displayName: `made-${Math.random()}`, ...body })),
  },
  {
    name: 'empties a group that is renamed',
    caughtBy: ['rfc/group-rename', 'okta/group-push'],
    serve: operations((all) =>
      all.some(({ path }) => path === 'displayName') ||
      all.some(({ value }) => isObject(value) && value.displayName !== undefined)
        ? [...all, { op: 'replace', path: 'members', value: [] }]
        : all,
    ),
  },
  {
    name: 'lists members twice',
    caughtBy: ['rfc/members', 'rfc/member-once'],
    serve: members((all) => [...all, ...all]),
  },
  {
    name: 'calls every member a group',
    caughtBy: ['rfc/members'],
    serve: members((all) => all.map((member) => ({ ...member, type: 'Group' }))),
  },
  {
    name: 'has references that lead nowhere',
    caughtBy: ['rfc/references'],
    serve: members((all) => all.map((member) => ({ ...member, $ref: `${member.$ref}-no` }))),
  },
  {
    name: 'does not tell users of their groups',
    caughtBy: ['rfc/groups-follow'],
    serve: resources((user) => without(user, 'groups'), inUsers),
  },
  {
    name: 'does not tell users of the groups around their groups',
    caughtBy: ['rfc/groups-indirect'],
    serve: resources((user) => {
      return { ...user, groups: listOf(user.groups).filter((group) => isObject(group) && group.type !== 'indirect') }
    }, inUsers),
  },
  {
    name: 'keeps members who were deleted',
    caughtBy: ['rfc/deleted-member'],
    serve: remembersMembers(),
  },
  {
    name: 'shows members whatever is excluded',
    caughtBy: ['rfc/group-without-members'],
    serve: deaf(inGroups, 'excludedAttributes'),
  },
  {
    name: 'finds no group by its members',
    caughtBy: ['rfc/group-filter-by-member'],
    serve: asking(inGroups, (call) =>
      withFilter(call, (filter) => filter.replace(/members\.value eq "[^"]*"/, 'displayName eq ""')),
    ),
  },
  {
    name: 'minds the case of displayName',
    caughtBy: ['rfc/group-filter'],
    serve: asking(inGroups, (call) => withFilter(call, (filter) => filter.replace('LIBRARY', 'no library'))),
  },
  {
    name: 'sets no members by PUT',
    caughtBy: ['rfc/group-put', 'okta/group-put'],
    serve: sending(
      at(GROUPS, ({ method }) => method === 'PUT'),
      (body) => without(body, 'members'),
    ),
  },
  {
    name: 'lets one client undo what another does',
    caughtBy: ['rfc/members-at-once'],
    serve: losesUpdates(),
  },
]

function withFilter(call: Call, change: (filter: string) => string): Call {
  const filter = call.query.get('filter')
  if (filter === null) return call
  const query = new URLSearchParams(call.query)
  query.set('filter', change(filter))
  return { ...call, query }
}

function remembersMembers(): Serve {
  const known = new Map<string, readonly JsonObject[]>()
  const serve = resources((group, { path }) => {
    const now = listOf(group.members).filter(isObject)
    const before = known.get(path) ?? listOf(group.members).filter(isObject)
    known.set(path, now)
    return { ...group, members: before }
  }, inGroups)
  return async (call, next) => {
    // The group as it was when it was made.
    const reply = await serve(call, next)
    if (call.path === '/Groups' && isObject(reply.body))
      known.set(`/Groups/${reply.body.id}`, listOf(reply.body.members).filter(isObject))
    return reply
  }
}

/** Reads the group, waits until all have read it, and writes it back with one more member. */
function losesUpdates(): Serve {
  let waiting = 0
  const { promise: allHaveRead, resolve } = Promise.withResolvers<void>()
  return async (call, next) => {
    if (!patch(call) || !inGroups(call) || !isObject(call.body)) return next(call)
    const { body } = await next({ ...call, method: 'GET', body: undefined })
    if (++waiting === AT_ONCE) resolve()
    await allHaveRead
    if (!isObject(body)) return next(call)
    const added = listOf(call.body.Operations).flatMap((operation) => (isObject(operation) ? listOf(operation.value) : []))
    return next({ ...call, method: 'PUT', body: { ...body, members: [...listOf(body.members), ...added] } })
  }
}
