/**
 * Fills a roll without HTTP: people as changes through the gate, as a batch of any channel goes.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Change, Current, Draft } from '../src/directory/change.ts'
import { openGate } from '../src/directory/gate.ts'
import type { Institution } from '../src/directory/institution.ts'
import { getInstitution } from '../src/directory/institution.ts'
import { createInstitution } from '../src/directory/institution-changes.ts'
import { keysOf } from '../src/directory/keys.ts'
import { USER } from '../src/directory/schema.ts'
import { ScimProblem } from '../src/scim/errors.ts'
import { normalise } from '../src/scim/normalise.ts'
import { openSqlite } from '../src/store/sqlite/sqlite.ts'
import type { Store } from '../src/store/store.ts'
import type { Person } from './load.ts'
import { personOf } from './people.ts'
import { INSTITUTION, SETTINGS } from './servers.ts'

const BATCH = 2000
/** Of all people filled in: what requests are sent about, since a list of all would measure its own reading. */
const MOST_SAMPLED = 10_000

/** A person as a batch names them: found by key or new, what was sent laid over what is there. */
export function upsertOf(number: number): Change {
  const sent = normalise(USER, personOf(number))
  if (sent instanceof ScimProblem) throw new Error(`person ${number}: ${sent.detail}`)
  const externalId = String(sent.externalId)
  const edit = (current: Current | undefined): Draft => ({
    resource: { ...current?.resource, ...sent.resource },
    binding: { state: 'bound', externalId },
  })
  return { target: { keys: keysOf(sent.resource) }, intent: 'upsert', edit, source: 'scim', externalId }
}

/** The institution of the benchmarks, made when it is not there. */
export async function institutionIn(store: Store): Promise<Institution> {
  await createInstitution(store, { id: INSTITUTION, name: 'Bench', settings: SETTINGS, by: { source: 'admin' }, now: Date.now() })
  const institution = await getInstitution(store, INSTITUTION)
  if (institution === undefined) throw new Error('the institution of the benchmarks cannot be read back')
  return institution
}

/** Puts people 1 to `users` into the database of a folder. @returns some of them, spread over all */
export async function fillRoll(folder: string, users: number, progress: (text: string) => void): Promise<Person[]> {
  progress(`fill a roll of ${users}`)
  await mkdir(folder, { recursive: true })
  await using store = await openSqlite({ path: join(folder, 'roll.db') })
  const institution = await institutionIn(store)
  const gate = openGate(store)
  const stride = Math.ceil(users / MOST_SAMPLED)
  const people: Person[] = []
  for (let from = 1; from <= users; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, users - from + 1) }, (_, index) => from + index)
    const outcomes = await gate.batch(institution, numbers.map(upsertOf))
    for (const [index, outcome] of outcomes.entries()) {
      const number = from + index
      if (outcome.kind !== 'created') throw new Error(`person ${number} was ${outcome.kind}`)
      if (number % stride === 0) people.push({ id: outcome.user._id, number })
    }
    if ((from - 1) % 100_000 === 0 && from > 1) progress(`${from - 1} of ${users} users`)
  }
  return people
}
