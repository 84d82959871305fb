/**
 * `matricula import`: one flat file, now.
 */
import { rmSync } from 'node:fs'
import { access, constants, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { configFrom } from '../config.ts'
import { newId } from '../directory/ids.ts'
import type { Institution } from '../directory/institution.ts'
import { hasCode, unreadable } from '../file-errors.ts'
import { lengthFault } from '../flatfile/file-name.ts'
import { REPORT_FORMATS } from '../flatfile/report.ts'
import type { Summary } from '../flatfile/summary.ts'
import type { Store } from '../store/store.ts'
import { actor } from './actor.ts'
import type { Command, Terminal } from './command.ts'
import { Misuse, Refusal, read } from './command.ts'
import { exitCodeOf, howItGoesOn, showSummary } from './file-outcome.ts'
import { institutionIn, knownInstitution } from './known-institution.ts'
import { withStore } from './open-store.ts'
import type { ProgressLine } from './progress.ts'
import { openProgressLine } from './progress.ts'
import { beforeStopped } from './signals.ts'

export const importFile: Command = {
  summary: 'import one flat file now',
  help: `matricula import FILE --institution ID [--dry-run] [--approve] [--json] [--report F]

Reads a .csv, .xlsx or .xls file, whatever its name, and makes the roll say what it says: people are found by their
keys and updated, or created. Everything is read and planned first. A file that would do too much waits for approval,
a file that cannot be used is rejected, and in both cases nothing is changed.

  --institution ID  whose people
  --dry-run         say what would happen and change nothing
  --approve         do it even where a threshold would hold the file
  --json            the outcome as one JSON object on standard output
  --report F        the report of every row: F.csv is the table with outcome, reason and fix in front, F.ndjson one
                    object a row, F.json the outcome as a whole, F.txt a page with what to mend first; several by
                    several --report

An import that was interrupted goes on where it stopped with "matricula files run", and with the next daily run.

Exit codes: 0 all rows are fine, 2 some rows are not, 3 held by a threshold, 1 rejected or failed.

Example:
  matricula import people.csv --institution north --dry-run --report people-report.csv`,
  async run(args, terminal) {
    const given = argumentsIn(args)
    await checkFile(given.file)
    for (const report of given.reports) await checkReport(report, given.file)
    const { summary, toMend } = await withStore(terminal, async (store) => {
      const institution = await knownInstitution(store, given.institution)
      using progress = openProgressLine(process.stderr)
      const work = { ...given, store, institution, terminal, progress }
      return given.dryRun ? await rehearse(work) : { summary: await carryOut(work), toMend: [] }
    })
    showSummary(summary, terminal, given.json, toMend)
    if (toMend.length > 0 && summary.report === null) terminal.say('Every row, to mend and send again: --report F.csv.')
    if (summary.result === 'held') terminal.say('To let it through: the same command with --approve.')
    return exitCodeOf(summary)
  },
}

type Given = ReturnType<typeof argumentsIn>

function argumentsIn(args: readonly string[]) {
  const options = { institution: 'text', 'dry-run': 'flag', approve: 'flag', json: 'flag', report: 'texts' } as const
  const { options: found, words } = read(args, { options, words: ['FILE'] })
  const institution = institutionIn(found.institution)
  const { report: reports = [] } = found
  const odd = reports.find((report) => !REPORT_FORMATS.some((end) => report.toLowerCase().endsWith(end)))
  if (odd !== undefined) throw new Misuse(`--report is "${odd}"; its name should end in ${REPORT_FORMATS.join(', ')}`)
  return {
    file: words[0],
    institution,
    dryRun: found['dry-run'] ?? false,
    approve: found.approve ?? false,
    json: found.json ?? false,
    reports,
  }
}

/** Before anything is done: the file is gone through more than once. */
async function checkFile(file: string): Promise<void> {
  const found = await access(file, constants.R_OK).then(
    () => stat(file),
    (error) => Promise.reject(new Refusal(unreadable(file, error))),
  )
  if (found.isDirectory()) throw new Refusal(`${file} is a folder`)
  const fault = lengthFault(basename(file))
  if (fault !== undefined) throw new Refusal(`${file}: ${fault}`)
  if (!found.isFile()) throw new Refusal(`${file} can be read only once: save what comes from it as a file first`)
}

/** Likewise, since there should be a report of whatever is done, and still the file that it is about. */
async function checkReport(report: string, file: string): Promise<void> {
  const folder = dirname(report)
  try {
    await access(folder, constants.W_OK)
    const [there, imported] = await Promise.all([stat(report).catch(() => undefined), stat(file)])
    if (there?.isDirectory()) throw new Refusal(`the report cannot be written: ${report} is a folder`)
    if (there?.ino === imported.ino && there.dev === imported.dev) throw new Misuse(`--report is ${report}, the file itself`)
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal(
      `the report cannot be written: ${hasCode(error, 'ENOENT') ? `there is no folder ${folder}` : `${folder} may not be written to`}`,
    )
  }
}

type Work = Omit<Given, 'institution'> & {
  readonly store: Store
  readonly institution: Institution
  readonly terminal: Terminal
  readonly progress: ProgressLine
}

/** With the rows to mend in words: what a run leaves behind for this, a dry run does not. */
type Rehearsed = { readonly summary: Summary; readonly toMend: readonly string[] }

/** Leaves nothing behind but the report that was asked for. */
async function rehearse({ store, institution, file, approve, reports, progress }: Work): Promise<Rehearsed> {
  const [{ PLAN, runFile }, { lastRowsOf }, { mendLines }] = await Promise.all([
    import('../flatfile/run.ts'),
    import('../flatfile/run-record.ts'),
    import('../flatfile/summary-text.ts'),
  ])
  const folder = await mkdtemp(join(tmpdir(), 'matricula-dry-run-'))
  using _ = beforeStopped(() => rmSync(folder, { recursive: true, force: true }))
  try {
    const name = basename(file)
    const lastRows = await lastRowsOf(store, institution._id, name)
    const summary = await runFile({
      store,
      institution,
      file: { path: file, name },
      run: newId(Date.now()),
      folder,
      reports,
      isDryRun: true,
      isApproved: approve,
      ...(lastRows !== undefined && { lastRows }),
      onProgress: progress.on,
    })
    return { summary, toMend: await mendLines(summary, summary.header === null ? undefined : join(folder, PLAN)) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function carryOut({ store, institution, terminal, file, approve, reports, progress }: Work): Promise<Summary> {
  const [{ importFile: importCopy, oneAtATime }, { openFolders }, { deliverNow, tellOf }] = await Promise.all([
    import('../flatfile/process.ts'),
    import('../flatfile/folders.ts'),
    import('./file-telling.ts'),
  ])
  const config = configFrom(terminal.environment)
  const folders = await openFolders(config.dataDir, institution._id)
  const tell = (told: Summary) => tellOf(store, institution, told)
  const processing = { store, institution, folders, by: actor(), onProgress: progress.on, tell }
  using _ = beforeStopped(() => {
    progress[Symbol.dispose]()
    terminal.say(howItGoesOn(institution._id))
  })
  const summary = await oneAtATime(processing, (onProgress) => {
    const given = { path: file, name: basename(file), isApproved: approve, reports }
    return importCopy(given, { ...processing, onProgress })
  })
  if (summary === undefined) throw new Refusal(`another run is at the files of ${institution._id}: try again when it is done`)
  await deliverNow(store, institution, config, terminal)
  return summary
}
