/**
 * A field that was not sent is never changed, by any sequence of calls over all channels.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { Hono } from 'hono'
import { apiApp } from '../src/api/app.ts'
import { sealWith } from '../src/auth/seal.ts'
import { FIELDS, fieldNamed } from '../src/directory/fields.ts'
import { flatChange } from '../src/directory/flat-change.ts'
import { withField } from '../src/directory/flat-record.ts'
import { slotOwners } from '../src/directory/provenance.ts'
import { EXTENSIONS, USER } from '../src/directory/schema.ts'
import type { Json, JsonObject, Resource, Source, User } from '../src/directory/user.ts'
import { scimApp } from '../src/scim/app.ts'
import type { Store } from '../src/store/store.ts'
import { depsOver } from './api-client.ts'
import { anInstitution } from './builders.ts'
import { forEachStore } from './stores.ts'

type Value = string | number | boolean | readonly string[]
type Fields = { readonly [field: string]: Value }
type Flat = { readonly [field: string]: unknown }
type Step = { readonly by: 'api' | 'api:crm' | 'file' | 'saml' | 'patch' | 'put'; readonly fields: Fields }

const NETID = 'n1'
const RUNS = { sqlite: 60 } as { readonly [store: string]: number }
const FEW_RUNS = 5

/** Of each field two values, as the record shows them; the netid names the person, and stays. */
const VALUES: { readonly [field: string]: readonly Value[] } = Object.fromEntries(
  FIELDS.filter(({ name }) => name !== 'netid').map(({ name, type, minimum = 1 }) => [name, valuesOf(name, type, minimum)]),
)

function valuesOf(name: string, type: string, minimum: number): readonly Value[] {
  if (name === 'account_type') return ['Student', 'Staff']
  if (name === 'country' || name === 'nationality') return ['PT', 'BR']
  switch (type) {
    case 'email':
      return [`a-${name}@uni.example`, `b-${name}@uni.example`]
    case 'integer':
      return [minimum, minimum + 1]
    case 'status':
      return ['active', 'inactive']
    case 'tags':
      return [['Greek'], ['Greek', 'Scholar']]
    default:
      return [`${name} one`, `${name} two`]
  }
}

const someFields: fc.Arbitrary<Fields> = fc
  .subarray(Object.keys(VALUES), { maxLength: 6 })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, fc.constantFrom(...(VALUES[name] ?? []))]))))

const someSteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ by: fc.constantFrom('api', 'api:crm', 'file', 'saml', 'patch', 'put'), fields: someFields }),
  { minLength: 1, maxLength: 8 },
)

await forEachStore((name, place) => {
  describe(`a partial update on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(async () => store[Symbol.asyncDispose]())

    it('changes what was sent and nothing else, whoever sent what before', async () => {
      const numRuns = RUNS[name] ?? FEW_RUNS
      await fc.assert(
        fc.asyncProperty(someSteps, async (steps) => {
          const person = await aPerson(store)
          let there = await person.read()
          for (const step of steps) {
            const written = await person.writtenByScim()
            await person.take(step)
            const now = await person.read()
            for (const { name: field } of FIELDS) {
              const mayGo = step.by === 'put' && (written.has(field) || isPartOf(step.fields, field))
              if (!(field in step.fields) && !mayGo) assert.deepEqual(now[field], there[field], `${field} was not sent`)
            }
            there = now
          }
        }),
        { numRuns },
      )
    })

    it('takes effect where nobody ranks higher', async () => {
      await fc.assert(
        fc.asyncProperty(someFields, fc.constantFrom('api', 'file', 'saml', 'patch', 'put'), async (fields, by) => {
          const person = await aPerson(store)
          await person.take({ by, fields } as Step)
          assert.partialDeepStrictEqual(await person.read(), fields)
        }),
        { numRuns: RUNS[name] ?? FEW_RUNS },
      )
    })
  })
})

/** Whether a PUT of these fields speaks of the element that the field lies in: an address is sent as a whole. */
function isPartOf(fields: Fields, field: string): boolean {
  const elementOf = (name: string) => /^.*\]/.exec(fieldNamed(name)?.path ?? '')?.[0]
  const element = elementOf(field)
  return element !== undefined && Object.keys(fields).some((name) => elementOf(name) === element)
}

/** One person of an institution of their own, made over REST, and the ways to write them. */
async function aPerson(store: Store) {
  const institution = anInstitution()
  const failures: unknown[] = []
  const deps = depsOver(store, institution, failures)
  const app = new Hono().route('/institutions/:institution/api/v1', apiApp(deps)).route(
    '/institutions/:institution/scim/v2',
    scimApp({
      ...deps,
      seal: sealWith('a key for tests alone'),
      admit: () => ({ kind: 'ok', institution, source: 'scim', credential: 't' }),
    }),
  )
  const call = async (method: string, path: string, source: string, body?: object): Promise<JsonObject> => {
    const response = await app.request(`http://127.0.0.1/institutions/${institution._id}${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-source': source },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const told = (await response.json()) as JsonObject
    assert.deepEqual(failures, [])
    assert.ok(response.ok, JSON.stringify(told))
    return told
  }
  const { id } = await call('POST', '/api/v1/users', 'api', {
    netid: NETID,
    email: 'first@uni.example',
    first_name: 'Ada',
    last_name: 'King',
    account_type: 'Guest',
    bio: 'Maps.',
    city: 'Faro',
    mobile_number: '1',
    user_tags: ['First'],
  })
  const scimPath = `/scim/v2/Users/${id}`
  return {
    read: async (): Promise<Flat> => (await call('GET', `/api/v1/users/${id}`, 'api')).user as Flat,
    async take({ by, fields }: Step): Promise<void> {
      if (by === 'patch') await call('PATCH', scimPath, by, patchOf(fields))
      else if (by === 'put') await call('PUT', scimPath, by, putOf(fields))
      else if (by === 'api' || by === 'api:crm') await call('POST', '/api/v1/users', by, { netid: NETID, ...fields })
      else await takeFlat(by, fields)
    },
    /** What a PUT without them may clear. */
    async writtenByScim(): Promise<Set<string>> {
      const user = (await store.get('users', institution._id, String(id))) as User
      const told = await call('GET', `/api/v1/users/${id}`, 'api')
      const owners = Object.entries(told.provenance as JsonObject)
      const slots = [...slotOwners(user.provenance)]
      const tags = slots.some(([slot, { source }]) => slot.startsWith('campus.tags[') && source === 'scim')
      const fields = owners.filter(([, owner]) => (owner as JsonObject).source === 'scim').map(([field]) => field)
      return new Set(tags ? [...fields, 'user_tags'] : fields)
    },
  }

  async function takeFlat(source: Source, fields: Fields): Promise<void> {
    const change = flatChange({ netid: NETID, ...fields }, { institution, source })
    assert.ok('edit' in change, JSON.stringify(change))
    const [outcome] = await deps.gate.batch(institution, [change])
    assert.ok(outcome !== undefined && 'user' in outcome, JSON.stringify(outcome))
  }
}

function patchOf(fields: Fields): object {
  const steps = Object.entries(fields).map(([name, value]) => {
    const path = name === 'email' ? 'emails[type eq "work"].value' : fieldNamed(name)?.path
    return { op: 'replace', path, value: name === 'account_status' ? value === 'active' : value }
  })
  // A PATCH has to have an operation; this one says what is so.
  const idle = { op: 'replace', path: `${EXTENSIONS.campus}:netid`, value: NETID }
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [idle, ...steps] }
}

function putOf(fields: Fields): object {
  let resource: Resource = { userName: 'ada' }
  for (const field of FIELDS) {
    const value = fields[field.name]
    if (value === undefined) continue
    resource = withField(resource, field, (field.type === 'status' ? value === 'active' : value) as Json)
  }
  const { campus, ...core } = resource
  return { schemas: [USER.urn], ...core, ...(campus === undefined ? {} : { [EXTENSIONS.campus]: campus }) }
}
