/**
 * Whose record is it? All 16 patterns of which keys are sent, each with every way in which those keys can belong to
 * nobody, to one person or to several, against an oracle that knows the rules in its own words.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Api, Result } from './api-client.ts'
import { apiOver } from './api-client.ts'
import { anInstitution } from './builders.ts'
import { forEachStore } from './stores.ts'

const ORDER = ['netid3', 'netid2', 'netid', 'email'] as const
type Key = (typeof ORDER)[number]

/** Of each key that is sent: which person has it, 0 for nobody. */
type Holders = { readonly [K in Key]?: number }

/** What else those people have: no other keys, or other values of the keys sent; and whether the names agree. */
const OTHERS = [
  { why: 'who have no other keys', differ: false, namesAgree: false },
  { why: 'who have other keys and another name', differ: true, namesAgree: false },
  { why: 'who have other keys and the same name', differ: true, namesAgree: true },
] as const
type Others = (typeof OTHERS)[number]

type Case = { readonly name: string; readonly holders: Holders; readonly others: Others }
type Fields = { readonly [field: string]: string }

const PATTERNS = Array.from({ length: 16 }, (_, bits) => ORDER.filter((_, index) => bits & (1 << index)))

/** So many share a store: the small MongoDB-wire servers slow down with every record. */
const TOGETHER = 40

await forEachStore((store, place) => {
  describe(`matching on ${store}`, () => {
    for (const pattern of PATTERNS) {
      it(`by ${pattern.join(', ') || 'nothing'}, whoever has them`, async () => {
        const cases = OTHERS.flatMap((others) => waysToHold(pattern).map((holders) => aCase(holders, others)))
        for (let from = 0; from < cases.length; from += TOGETHER) {
          await using roll = await place().open()
          await checkAll(apiOver(roll, anInstitution()), cases.slice(from, from + TOGETHER))
        }
      })
    }
  })
})

async function checkAll(api: Api, cases: readonly Case[]): Promise<void> {
  const ids = await makePeople(api, cases)
  const before = await everybody(api)
  const { body } = await api.post('/users/batch', { users: cases.map(sentIn) })
  const after = await everybody(api)
  for (const [index, one] of cases.entries()) {
    const result = body.results[index]
    assert.ok(result !== undefined)
    check(one, result, { before, after, idOf: (holder) => ids.get(`${one.name}/${holder}`) ?? '' })
  }
  const created = cases.filter((one) => expectedOf(one).outcome === 'created').length
  assert.equal(after.size, before.size + created)
}

type Roll = {
  readonly before: Map<string, unknown>
  readonly after: Map<string, unknown>
  readonly idOf: (holder: number) => string
}

function check(one: Case, result: Result, { before, after, idOf }: Roll): void {
  const expected = expectedOf(one)
  const told = `${one.name}, ${one.others.why}: ${JSON.stringify(result)}`
  assert.equal(result.outcome, expected.outcome, told)
  switch (expected.outcome) {
    case 'updated':
      assert.equal(result.id, idOf(expected.holder), told)
      assert.partialDeepStrictEqual(after.get(result.id ?? ''), sentIn(one), told)
      break
    case 'created':
      assert.ok(!before.has(result.id ?? ''), told)
      assert.partialDeepStrictEqual(after.get(result.id ?? ''), sentIn(one), told)
      break
    case 'conflict': {
      const key = expected.keys.find((name) => name === result.key)
      assert.ok(key !== undefined, told)
      assert.equal(result.code, expected.code, told)
      assert.deepEqual(new Set(result.records), new Set([idOf(expected.holder), idOf(one.holders[key] ?? 0)]), told)
      break
    }
    case 'invalid':
      assert.equal(result.problems?.[0]?.code, 'required_missing', told)
      break
    default:
      expected satisfies never
  }
  for (const holder of holdersIn(one)) {
    const isMet = expected.outcome === 'updated' && expected.holder === holder
    if (!isMet) assert.deepEqual(after.get(idOf(holder)), before.get(idOf(holder)), `nobody else is touched: ${told}`)
  }
}

/** Each key with nobody, with somebody already named, or with somebody new: every partition once. */
function waysToHold(keys: readonly Key[]): Holders[] {
  return keys.reduce<Holders[]>(
    (ways, key) =>
      ways.flatMap((way) => {
        const known = Math.max(0, ...Object.values(way))
        return Array.from({ length: known + 2 }, (_, holder) => ({ ...way, [key]: holder }))
      }),
    [{}],
  )
}

function aCase(holders: Holders, others: Others): Case {
  const name = ORDER.map((key) => holders[key] ?? '-').join('')
  return { name: `${name}${OTHERS.indexOf(others)}`, holders, others }
}

function holdersIn({ holders }: Case): number[] {
  return [...new Set(Object.values(holders))].filter((holder) => holder > 0)
}

function keyValue(key: Key, name: string): string {
  return key === 'email' ? `${name}@uni.example` : `${key}-${name}`
}

function sentIn({ name, holders }: Case): Fields {
  const keys = ORDER.filter((key) => holders[key] !== undefined).map((key) => [key, keyValue(key, name)])
  return { ...Object.fromEntries(keys), first_name: 'Ada', last_name: 'King', account_type: 'Student', city: 'Porto' }
}

/** Puts the people on the roll who have the keys. Everybody has an e-mail, since that is what it takes. */
async function makePeople(api: Api, cases: readonly Case[]): Promise<Map<string, string>> {
  const people = cases.flatMap((one) =>
    holdersIn(one).map((holder) => ({ place: `${one.name}/${holder}`, user: personOf(one, holder) })),
  )
  const ids = new Map<string, string>()
  const { body } = await api.post('/users/batch', { users: people.map(({ user }) => user) })
  for (const [index, { place }] of people.entries()) {
    assert.equal(body.results[index]?.outcome, 'created', place)
    ids.set(place, body.results[index]?.id ?? '')
  }
  return ids
}

function personOf({ name, holders, others }: Case, holder: number): Fields {
  const fields: { [field: string]: string } = { email: `${holder}-of-${name}@uni.example` }
  for (const key of ORDER) {
    if (holders[key] === holder) fields[key] = keyValue(key, name)
    else if (holders[key] !== undefined && others.differ) fields[key] = keyValue(key, `${holder}-of-${name}`)
  }
  const names = others.namesAgree ? { first_name: 'ADA', last_name: 'King' } : { first_name: 'Bob', last_name: 'Lee' }
  return { ...fields, ...names, account_type: 'Staff' }
}

async function everybody(api: Api): Promise<Map<string, unknown>> {
  const { body } = await api.get('/users?limit=1000')
  assert.equal(body.next, null)
  return new Map(body.users.map(({ id, user }) => [id, user]))
}

type Expected =
  | { readonly outcome: 'updated'; readonly holder: number }
  | { readonly outcome: 'created' | 'invalid' }
  | { readonly outcome: 'conflict'; readonly code: string; readonly holder: number; readonly keys: readonly Key[] }

/** The rules, said again: the first key that somebody has decides; every other key must be theirs or nobody's. */
function expectedOf({ holders, others }: Case): Expected {
  const sent = ORDER.filter((key) => holders[key] !== undefined)
  const first = sent.find((key) => (holders[key] ?? 0) > 0)
  if (first === undefined) return { outcome: sent.includes('email') ? 'created' : 'invalid' }
  const holder = holders[first] ?? 0
  const foreign = sent.filter((key) => (holders[key] ?? 0) > 0 && holders[key] !== holder)
  if (foreign.length > 0) return { outcome: 'conflict', code: 'key_conflict', holder, keys: foreign }
  // By e-mail alone somebody with another netid of a kind that was sent is met only if the names agree.
  const hasOtherNetid = first === 'email' && others.differ && sent.length > 1
  if (hasOtherNetid && !others.namesAgree) return { outcome: 'conflict', code: 'key_disagrees', holder, keys: ['email'] }
  return { outcome: 'updated', holder }
}
