/**
 * The 27 files of `test/fixtures/files`, as far as reading goes: what the file is, its header, the rows that cannot be
 * read. `expected.json` says how it is to be read; who is created and updated is judged further up.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import expected from '../../test/fixtures/files/expected.json' with { type: 'json' }
import { temporaryFolder } from '../../test/workbooks.ts'
import { flatChange } from '../directory/flat-change.ts'
import { cellReader } from './cells.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { FileRefused } from './refusal.ts'
import { openTable } from './table.ts'

const FILES = new URL('../../test/fixtures/files/', import.meta.url).pathname
const HEADER = { required: ['email', 'first_name', 'last_name', 'account_type'], oneOf: [] }

/** What only the roll can tell. */
const OF_THE_ROLL = new Set(['key_conflict', 'required_missing', 'key_disagrees', 'key_held'])

type Expected = {
  readonly result: string
  readonly reason?: string
  readonly field?: string
  readonly header?: { readonly row: number; readonly columns: readonly (string | null)[] }
  readonly rows?: readonly { readonly row: number; readonly reason?: string; readonly field?: string }[]
  readonly warn?: string
}

describe('a flat file', () => {
  for (const { file, why, orElse = [], ...first } of expected.cases as (Expected & {
    file: string
    why: string
    orElse?: Expected[]
  })[]) {
    it(`${file}: ${why}`, async () => {
      await using folder = await temporaryFolder()
      const found = await readAll(`${FILES}${file}`, folder.path)
      const wanted = [first as Expected, ...orElse].map(readingOf)
      if (!wanted.slice(1).some((one) => isSame(found, one))) assert.deepEqual(found, wanted[0])
    })
  }
})

function isSame(found: unknown, wanted: unknown): boolean {
  try {
    assert.deepEqual(found, wanted)
    return true
  } catch {
    return false
  }
}

/** The rows that are named and what is wrong with them before anybody looks at the roll. */
async function readAll(path: string, temporary: string) {
  try {
    await using table = await openTable(path, { header: HEADER, temporary })
    const { row, columns } = table.header
    const read = cellReader(columns, DEFAULT_LIMITS)
    const rows = []
    for await (const batch of table.rows()) {
      for (const one of batch) {
        const { values, problems } = read(one)
        const [problem] = problems.length > 0 ? problems : meaningOf(values)
        rows.push({ row: one.number, reason: problem?.code, field: problem?.field })
      }
    }
    return { result: 'processed', row, columns: columns.map(({ field }) => field ?? null), rows }
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error
    return { result: 'refused', reason: error.code, field: error.field }
  }
}

function meaningOf(values: ReadonlyMap<string, string>) {
  const institution = {
    _id: 'uni',
    institution: '*',
    version: '',
    name: 'Uni',
    created: 0,
    lastModified: 0,
    settings: expected.settings,
  }
  const change = flatChange(Object.fromEntries(values), { institution: institution as never, source: 'file' })
  return Array.isArray(change) ? (change as { code: string; field?: string }[]) : []
}

function readingOf({ result, reason, field, header, rows = [] }: Expected) {
  if (result === 'refused') return { result, reason, field: field ?? (reason === 'header_duplicate' ? 'first_name' : undefined) }
  const judged = rows.map(({ row, reason, field }) =>
    reason === undefined || OF_THE_ROLL.has(reason) ? { row, reason: undefined, field: undefined } : { row, reason, field },
  )
  return { result, row: header?.row, columns: header?.columns, rows: judged }
}
