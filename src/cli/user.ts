/**
 * `matricula user`: single records, as the directory holds them.
 */
import { configFrom, publicUrlOf } from '../config.ts'
import { isoTime } from '../days.ts'
import { allDocs, eachDoc } from '../directory/each-doc.ts'
import { inFull } from '../directory/event.ts'
import { flatUserOf } from '../directory/flat-record.ts'
import { foldKey, keysOf } from '../directory/keys.ts'
import { userSchemaOf } from '../directory/own-extension.ts'
import { slotOwners } from '../directory/provenance.ts'
import { purgeUser } from '../directory/purge.ts'
import { fieldsLacking } from '../directory/required-fields.ts'
import type { Resource, User } from '../directory/user.ts'
import { MATCH_KEYS } from '../directory/user.ts'
import { readBelonging } from '../scim/belonging.ts'
import { readManagers } from '../scim/managers.ts'
import type { View } from '../scim/render.ts'
import { renderUser } from '../scim/render.ts'
import type { Predicate } from '../store/predicate.ts'
import { and, EVERYTHING } from '../store/predicate.ts'
import type { Doc, Store } from '../store/store.ts'
import { actor } from './actor.ts'
import type { Command, Terminal } from './command.ts'
import { DONE, Refusal, read } from './command.ts'
import { confirms } from './confirm.ts'
import { institutionIn, knownInstitution } from './known-institution.ts'
import { withStore } from './open-store.ts'

const show: Command = {
  summary: 'one record with its provenance and history',
  help: `matricula user show ID|KEY --institution ID [--events]

One person as JSON: as flat fields, as SCIM resource, where each value came from, and what each source holds.
KEY is a netid, an e-mail address or a userName.

  --institution ID  whose person
  --events          also the history, oldest first

Example:
  matricula user show jdoe --institution north --events`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: { institution: 'text', events: 'flag' }, words: ['ID|KEY'] })
    const id = institutionIn(options.institution)
    const [key] = words
    await withStore(terminal, async (store) => {
      const { settings } = await knownInstitution(store, id)
      const user = await find(store, id, key)
      const events = options.events ? { events: (await allDocs(store, 'events', id, ofSubject(user._id))).map(eventShown) } : {}
      const base = scimUrlOf(terminal, id)
      const viewer = { institution: { _id: id }, source: 'admin' } as const
      const belonging = await readBelonging(store, viewer, base, [user])
      const managers = await readManagers(store, viewer, [user.resource])
      const view = { source: 'admin', schema: userSchemaOf(settings), base, belonging, managers } as const
      terminal.out(JSON.stringify({ ...shown(user, view), ...events }, null, 2))
    })
    return DONE
  },
}

const list: Command = {
  summary: 'all records of an institution',
  help: `matricula user list --institution ID [--inactive] [--incomplete]

One JSON object a line for each person, active or not: the id, the flat fields, and which of those that every person
should have are missing (incomplete).

  --institution ID  whose people
  --inactive        only people who are inactive
  --incomplete      only records that lack an e-mail, a first or last name or an account type

Example:
  matricula user list --institution north --incomplete`,
  async run(args, terminal) {
    const { options } = read(args, { options: { institution: 'text', inactive: 'flag', incomplete: 'flag' }, words: [] })
    const id = institutionIn(options.institution)
    const where = and(
      options.inactive ? { op: 'eq', path: 'search.active', value: false } : EVERYTHING,
      options.incomplete ? { op: 'eq', path: 'incomplete', value: true } : EVERYTHING,
    )
    await withStore(terminal, async (store) => {
      await knownInstitution(store, id)
      for await (const user of eachDoc(store, 'users', id, where)) {
        const { _id, resource } = user as User
        terminal.out(JSON.stringify({ id: _id, user: flatUserOf(resource), ...lackingIn(resource) }))
      }
    })
    return DONE
  },
}

const purge: Command = {
  summary: 'erase a record and its history for good',
  help: `matricula user purge ID|KEY --institution ID [--yes]

Erases one person for good: the record, all of its history, and answers to requests that are kept and show it. One event
remains, which says who erased which id.
To end somebody's access, deactivate instead: that keeps the record and its id for the day they come back.
Files (the archive and the reports in DATA_DIR) and backups keep what they say of the person: take that away yourself.
A source that still lists the person makes a new record.

  --institution ID  whose person
  --yes             do not ask; where there is no terminal, as in a script, nobody is asked

Example:
  matricula user purge 01987c2e-6f1d-7a44-8b0e-3c9a5d2f7e10 --institution north`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: { institution: 'text', yes: 'flag' }, words: ['ID|KEY'] })
    const institution = institutionIn(options.institution)
    const [key] = words
    return await withStore(terminal, async (store) => {
      await knownInstitution(store, institution)
      const id = await idToPurge(store, institution, key)
      if (!options.yes && !(await isMeant(id))) throw new Refusal('nothing was erased')
      const purged = await purgeUser(store, { institution, id, by: actor(), now: Date.now() })
      if (purged.kind !== 'purged') throw nobody(institution, key)
      terminal.say(`Erased ${id} and ${purged.events} events.`)
      return DONE
    })
  },
}

export const user: Command = {
  summary: 'show, list and erase records',
  help: 'matricula user COMMAND …\n\nA user is the one record of a person.',
  commands: { show, list, purge },
}

async function find(store: Store, institution: string, key: string): Promise<User> {
  const [user, ...others] = await lookUp(store, institution, key)
  if (!user) throw nobody(institution, key)
  if (others.length === 0) return user
  const ids = [user, ...others].map(({ _id }) => _id)
  throw new Refusal(`"${key}" is a key of ${ids.length} people; name one by id: ${ids.join(', ')}`)
}

async function lookUp(store: Store, institution: string, key: string): Promise<User[]> {
  const folded = foldKey(key)
  if (folded === undefined) return []
  const keys = Object.fromEntries([...MATCH_KEYS, 'userName'].map((name) => [name, [folded]]))
  const byKey = (await store.lookUp('users', institution, { ids: [key], keys })) as User[]
  if (byKey.length > 0) return byKey
  const byAnyEmail = { op: 'any', path: 'search.emails', where: { op: 'eq', path: 'value', value: folded } } as const
  return (await store.find('users', institution, { where: byAnyEmail, limit: 10 })) as User[]
}

/** A purge that was interrupted has left history under an id that no record has. */
async function idToPurge(store: Store, institution: string, key: string): Promise<string> {
  const found = await lookUp(store, institution, key)
  return found.length === 0 ? key : (await find(store, institution, key))._id
}

/** In a script there is nobody to ask. */
async function isMeant(id: string): Promise<boolean> {
  const { stdin: input, stderr: output } = process
  if (!input.isTTY || !output.isTTY) return true
  return confirms(`Erase ${id} and its history for good?`, { input, output })
}

function nobody(institution: string, key: string): Refusal {
  return new Refusal(`${institution} has nobody with the id, netid, e-mail or userName "${key}"`)
}

function ofSubject(id: string): Predicate {
  return { op: 'eq', path: 'subject', value: id }
}

function scimUrlOf({ environment }: Terminal, institution: string): string {
  return `${publicUrlOf(configFrom(environment))}/institutions/${institution}/scim/v2`
}

function shown(user: User, view: View) {
  const { _id, version, resource, provenance, bindings, claims, inactive, created, lastModified } = user
  return {
    id: _id,
    user: flatUserOf(resource),
    scim: renderUser(user, view),
    provenance: Object.fromEntries(
      Array.from(slotOwners(provenance), ([slot, owner]) => [slot, { ...owner, at: isoTime(owner.at) }]),
    ),
    bindings,
    ...(claims && { claims: claims.map((claim) => ({ ...claim, at: isoTime(claim.at) })) }),
    ...(inactive && { inactive: { ...inactive, since: isoTime(inactive.since) } }),
    ...lackingIn(resource),
    version,
    created: isoTime(created),
    lastModified: isoTime(lastModified),
  }
}

/** The fields that every person should have and this record has not. */
function lackingIn(resource: Resource): { readonly incomplete?: readonly string[] } {
  const incomplete = fieldsLacking(resource, keysOf(resource))
  return incomplete.length > 0 ? { incomplete } : {}
}

function eventShown(stored: Doc) {
  const { _id, institution: _i, version: _v, subject: _s, at, ...event } = inFull(stored)
  return { id: _id, at: typeof at === 'number' ? isoTime(at) : at, ...event }
}
