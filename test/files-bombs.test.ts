/**
 * Files that are small and want to be large: each is refused, or read, in bounded time and memory, measured in a process
 * of its own.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { temporaryFolder } from './temporary-folder.ts'
import { archive, rowsXml, workbook } from './workbooks.ts'

const HEADER = 'netid,email,first_name,last_name,account_type'
const GOOD = rowsXml([HEADER.split(',')])
const MB = 1024 * 1024
const MOST_MB = 150
const MOST_CPU_MS = 1000

/** Reads a table to its end, and tells what it took beyond an idle process. */
const READER = `
  import { readFileSync } from 'node:fs'
  import { openTable } from '${new URL('../src/flatfile/table.ts', import.meta.url)}'
  const [path, temporary] = process.argv.slice(-2)
  const idle = process.memoryUsage.rss()
  const cpu = process.cpuUsage()
  let end = 'read'
  try {
    await using table = await openTable(path, { header: { required: ['email'], oneOf: [] }, temporary })
    for await (const _ of table.rows());
  } catch (error) {
    end = error.code
  }
  const { user, system } = process.cpuUsage(cpu)
  const mb = highest() - idle / ${MB}
  process.stdout.write(JSON.stringify({ end, mb, cpuMs: (user + system) / 1000 }))

  /** Of this process alone: on Linux maxRSS begins with what the process took that started it. */
  function highest() {
    const { maxRSS } = process.resourceUsage()
    return (process.platform === 'linux' ? Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) : maxRSS) / 1024
  }
`

const CASES: readonly (readonly [why: string, end: string, content: () => string | Uint8Array | Promise<Uint8Array>])[] = [
  [
    'a cell of 60 MB in a few kilobytes',
    'inflation_limit',
    () => workbook({ sheets: [{ xml: `<row><c><v>${'7'.repeat(60 * MB)}</v></c></row>` }] }),
  ],
  [
    'a sheet without end below a good header',
    'inflation_limit',
    () => workbook({ sheets: [{ xml: GOOD + '<row/>'.repeat(6_000_000) }] }),
  ],
  ['millions of texts', 'inflation_limit', () => workbook({ sheets: [{ xml: GOOD }], strings: '<si/>'.repeat(6_000_000) })],
  [
    'a tag with a million attributes',
    'format_invalid',
    () => workbook({ sheets: [{ xml: `<row ${'a="b" '.repeat(1_000_000)}/>` }] }),
  ],
  [
    'entities that grow',
    'format_invalid',
    () =>
      workbook({
        sheets: [
          {
            xml: '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>',
          },
        ],
      }),
  ],
  [
    'an archive of thousands of parts',
    'inflation_limit',
    () => archive(Object.fromEntries(Array.from({ length: 6000 }, (_, n) => [n === 0 ? '[Content_Types].xml' : `xl/${n}`, '']))),
  ],
  ['a line without end', 'header_missing', () => 'x'.repeat(50 * MB)],
  ['a line of commas without end', 'read', () => `${HEADER}\n${','.repeat(20 * MB)}`],
  ['a quotation mark that swallows the rest', 'read', () => `${HEADER}\n1,"${'x\n'.repeat(20 * MB)}`],
  ['a cell of 1 MB', 'read', () => `${HEADER}\n1,${'x'.repeat(MB)},Ana,Ode,Student\n`],
  [
    '300 columns',
    'read',
    () => `${HEADER},${Array.from({ length: 300 }, (_, n) => `extra ${n}`).join(',')}\n${',1'.repeat(305).repeat(50)}\n`,
  ],
  ['NUL bytes alone', 'format_unsupported', () => Buffer.alloc(5 * MB)],
]

describe('a file that wants to be large', () => {
  for (const [why, end, content] of CASES) {
    it(`is ${end === 'read' ? 'read' : `refused (${end})`} within ${MOST_MB} MB and a second: ${why}`, async () => {
      await using folder = await temporaryFolder()
      const path = await folder.put('people.csv', await content())
      const told = await read(path, folder.path)
      assert.equal(told.end, end)
      assert.ok(told.mb < MOST_MB, `it took ${told.mb.toFixed(0)} MB`)
      // Of the processor, since others may be using it too.
      assert.ok(told.cpuMs < MOST_CPU_MS, `it took ${told.cpuMs.toFixed(0)} ms`)
    })
  }
})

async function read(
  path: string,
  temporary: string,
): Promise<{ readonly end: string; readonly mb: number; readonly cpuMs: number }> {
  const flags = ['--input-type=module-typescript', '--disable-warning=ExperimentalWarning', '-e', READER]
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, path, temporary], { timeout: 240_000 })
  return JSON.parse(stdout)
}
