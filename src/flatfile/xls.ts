/**
 * Workbooks of Excel 5 to 2003 (.xls, BIFF in an OLE2 container), read by a library in a process of its own: it holds
 * the whole book, so memory and time are limited from outside, and a bad file takes nothing else with it.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { findPackageJSON } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { FileLimits } from './limits.ts'
import { overLimit } from './limits.ts'
import { FileRefused, notSound } from './refusal.ts'
import type { Source } from './row.ts'
import { readSpool } from './spool.ts'
import type { XlsReply } from './xls-child.ts'

const CHILD = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './xls-child.ts' : './xls-child.js', import.meta.url))

/** What the child may read beside the file: the code of this package, and the library where it is found and where it lies. */
const CODE = [
  resolve(CHILD, '../../..'),
  dirname(findPackageJSON('@e965/xlsx', import.meta.url) ?? ''),
  dirname(fileURLToPath(import.meta.resolve('@e965/xlsx'))),
]

/**
 * @param temporary a folder in which the rows are put down until the source is disposed of
 * @throws {FileRefused} for what is not sound, encrypted or past a limit
 */
export async function openXls(path: string, temporary: string, limits: FileLimits): Promise<Source> {
  const folder = await mkdtemp(join(temporary, 'xls-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const sheets = await readInChild(resolve(path), resolve(folder), limits)
    return {
      format: 'xls',
      sheets: sheets.map(({ name, hidden, file }) => ({ name, hidden, rows: () => readSpool(file) })),
      notices: [],
      [Symbol.asyncDispose]: remove,
    }
  } catch (error) {
    await remove()
    throw error
  }
}

type Sheets = Extract<XlsReply, { kind: 'read' }>['sheets']

async function readInChild(path: string, folder: string, limits: FileLimits): Promise<Sheets> {
  const flags = [
    `--max-old-space-size=${limits.xlsMemoryMb}`,
    '--disable-warning=ExperimentalWarning',
    '--permission',
    ...CODE.map((code) => `--allow-fs-read=${code}`),
    `--allow-fs-read=${path}`,
    `--allow-fs-read=${folder}`,
    `--allow-fs-write=${folder}`,
  ]
  const child = spawn(process.execPath, [...flags, CHILD, path, folder, JSON.stringify(limits)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {},
    timeout: limits.xlsSeconds * 1000,
    killSignal: 'SIGKILL',
  })
  const ended = new Promise<NodeJS.Signals | number | null>((done, failed) => {
    child.on('close', (code, signal) => done(signal ?? code))
    child.on('error', failed)
  })
  const [reply, complaint, end] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  if (end === 0) return sheetsIn(JSON.parse(reply) as XlsReply)
  if (end === 'SIGKILL') throw child.killed ? overLimit('xlsSeconds', limits) : endedBySystem(limits)
  if (/heap out of memory|Array buffer allocation failed/i.test(complaint)) throw overLimit('xlsMemoryMb', limits)
  throw notSound('the reader of .xls files gave up on it', new Error(complaint.slice(0, 2000)))
}

/** The kernel ends what takes most of a memory that is short, for example that of a container with a limit. */
function endedBySystem({ xlsMemoryMb }: FileLimits): FileRefused {
  return new FileRefused(
    'limit_exceeded',
    `the server's machine has too little memory to read it: an .xls file may take ${xlsMemoryMb} MB (setting files.limits.xlsMemoryMb); .xlsx and .csv need less`,
  )
}

function sheetsIn(reply: XlsReply): Sheets {
  switch (reply.kind) {
    case 'read':
      return reply.sheets
    case 'encrypted':
      throw new FileRefused('file_encrypted', 'the workbook is protected by a password; save it without one')
    case 'broken':
      throw notSound(`it cannot be read (${reply.message})`)
    default:
      return reply satisfies never
  }
}
