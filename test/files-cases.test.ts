/**
 * The 27 files of `fixtures/files`, imported at the command line as an administrator would: every row's outcome, the
 * header, the counts and the roll afterwards are as `expected.json` says, on every store.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { run } from '../src/cli/run.ts'
import { apply } from '../src/directory/apply.ts'
import type { Change } from '../src/directory/change.ts'
import { flatChange } from '../src/directory/flat-change.ts'
import { flatUserOf } from '../src/directory/flat-record.ts'
import { createInstitution } from '../src/directory/institution-changes.ts'
import { foldKey } from '../src/directory/keys.ts'
import type { Settings } from '../src/directory/settings.ts'
import type { User } from '../src/directory/user.ts'
import type { Summary } from '../src/flatfile/summary.ts'
import type { Verdict } from '../src/flatfile/verdict.ts'
import { EVERYTHING } from '../src/store/predicate.ts'
import type { Store } from '../src/store/store.ts'
import expected from './fixtures/files/expected.json' with { type: 'json' }
import { forEachStore, temporaryFile } from './stores.ts'

const FILES = new URL('./fixtures/files/', import.meta.url).pathname

type Wanted = {
  readonly result: string
  readonly reason?: string
  readonly field?: string
  readonly header?: { readonly row: number; readonly sheet?: string; readonly columns: readonly (string | null)[] }
  readonly counts?: { readonly created: number; readonly updated: number; readonly unchanged: number; readonly refused: number }
  readonly rows?: readonly { readonly row: number; readonly outcome: string; readonly reason?: string; readonly field?: string }[]
}

type Case = Wanted & {
  readonly file: string
  readonly why: string
  readonly after?: readonly { readonly by: { readonly email: string }; readonly fields: { readonly [field: string]: unknown } }[]
  readonly people?: number
  readonly orElse?: readonly Wanted[]
}

const CONFLICTS = new Set(['key_conflict', 'key_disagrees', 'key_held'])

await forEachStore((name, place) => {
  describe(`matricula import, on ${name}`, () => {
    const { url, open } = place()
    const folder = dirname(temporaryFile('report.ndjson'))
    for (const [index, one] of (expected.cases as readonly Case[]).entries()) {
      it(`${one.file}: ${one.why}`, async () => {
        await using store = await open()
        const institution = `case-${index}`
        await makeRoll(store, institution)
        const { code, summary, verdicts } = await importFile(one.file, { url, institution, folder })
        const wanted = [one, ...(one.orElse ?? [])].find(({ result, reason }) => isAs(summary, result, reason)) ?? one
        assert.equal(summary.result, wanted.result === 'refused' ? 'rejected' : wanted.result, summary.message)
        assert.equal(code, exitCodeFor(wanted), 'exit code')
        if (wanted.reason !== undefined) assert.equal(summary.reason, wanted.reason)
        if (wanted.field !== undefined) assert.equal(summary.field, wanted.field)
        if (wanted.result === 'processed') assertRows(wanted, summary, verdicts)
        await assertRoll(store, institution, wanted === one ? one : { ...one, after: [] })
      })
    }
  })
})

function isAs(summary: Summary, result: string, reason: string | undefined): boolean {
  return result === 'processed' ? summary.result === 'processed' : summary.reason === reason
}

function exitCodeFor({ result, rows }: Wanted): number {
  if (result !== 'processed') return 1
  return rows?.some(({ outcome }) => outcome === 'refused') ? 2 : 0
}

async function makeRoll(store: Store, id: string): Promise<void> {
  const by = { source: 'admin' } as const
  const settings = expected.settings as Settings as never
  const made = await createInstitution(store, { id, name: 'North', settings, by, now: Date.now() })
  assert.equal(made.kind, 'created')
  const institution = (made as Extract<typeof made, { kind: 'created' }>).institution
  const changes = expected.roll.map((person) => flatChange(person, { institution, source: 'api' }) as Change)
  for (const { kind } of await apply(store, institution, changes)) assert.equal(kind, 'created')
}

async function importFile(
  file: string,
  { url, institution, folder }: { readonly url: string; readonly institution: string; readonly folder: string },
): Promise<{ code: number; summary: Summary; verdicts: readonly Verdict[] }> {
  const report = join(folder, `${institution}.ndjson`)
  const environment = { DATABASE_URL: url, DATA_DIR: folder }
  const out: string[] = []
  const said: string[] = []
  const terminal = { environment, out: (line: string) => void out.push(line), say: (line: string) => void said.push(line) }
  const code = await run(['import', join(FILES, file), '--institution', institution, '--json', '--report', report], terminal)
  assert.equal(out.length, 1, said.join('\n'))
  const lines = readFileSync(report, 'utf8').split('\n').filter(Boolean)
  return { code, summary: JSON.parse(out[0] as string), verdicts: lines.map((line) => JSON.parse(line)) }
}

function assertRows(wanted: Wanted, summary: Summary, verdicts: readonly Verdict[]): void {
  const { row, columns, sheet } = wanted.header ?? {}
  assert.deepEqual(summary.header, { row, columns })
  if (sheet !== undefined) assert.equal(summary.sheet, sheet)
  const { created, updated, unchanged, conflict, invalid } = summary.counts
  assert.deepEqual(
    { created, updated, unchanged, refused: conflict + invalid },
    { ...wanted.counts, refused: wanted.counts?.refused ?? 0 },
  )
  assert.equal(summary.rows, verdicts.length)
  assert.deepEqual(
    verdicts.map(({ row: number, outcome, problems: [problem] }) => ({
      row: number,
      outcome,
      reason: problem?.code,
      field: problem?.field,
    })),
    (wanted.rows ?? []).map(({ row: number, outcome, reason, field }, index) => {
      const designWord = outcome !== 'refused' ? outcome : CONFLICTS.has(reason ?? '') ? 'conflict' : 'invalid'
      return { row: number, outcome: designWord, reason, field: field ?? verdicts[index]?.problems[0]?.field }
    }),
  )
  for (const { outcome, id } of verdicts) assert.equal(id !== null, ['created', 'updated', 'unchanged'].includes(outcome))
}

async function assertRoll(store: Store, institution: string, { after = [], people }: Case): Promise<void> {
  for (const { by, fields } of after) {
    const [user] = (await store.lookUp('users', institution, { keys: { email: [foldKey(by.email) as string] } })) as User[]
    assert.ok(user, `${by.email} is on the roll`)
    const found = flatUserOf(user.resource) as { readonly [field: string]: unknown }
    for (const [field, value] of Object.entries(fields))
      assert.deepEqual(comparable(found[field]), comparable(value), `${by.email}: ${field}`)
  }
  if (people !== undefined) assert.equal(await store.count('users', institution, EVERYTHING), people)
}

/** Lists as sets, numbers as their text, nothing as null. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return [...value].map(String).sort()
  return value === undefined || value === null ? null : String(value)
}
