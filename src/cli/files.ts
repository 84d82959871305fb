/**
 * `matricula files`: the run over uploaded files, held files, past runs.
 */
import type { Config } from '../config.ts'
import { configFrom } from '../config.ts'
import { isoTime } from '../days.ts'
import type { Institution } from '../directory/institution.ts'
import { listInstitutions } from '../directory/institution.ts'
import type { Processing } from '../flatfile/process.ts'
import type { Run, RunState } from '../flatfile/run-record.ts'
import type { Summary } from '../flatfile/summary.ts'
import { summaryText } from '../flatfile/summary-text.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Store } from '../store/store.ts'
import { actor } from './actor.ts'
import type { Command, Terminal } from './command.ts'
import { DONE, Misuse, NOT_DONE, Refusal, read } from './command.ts'
import { exitCodeOf, gravest, howItGoesOn, howToApprove, showSummary } from './file-outcome.ts'
import { institutionIn, knownInstitution } from './known-institution.ts'
import { withStore } from './open-store.ts'
import { pickedUpText } from './picked-up-text.ts'
import { openProgressLine } from './progress.ts'
import { beforeStopped } from './signals.ts'
import { showTable } from './table.ts'

const runNow: Command = {
  summary: 'go through the uploaded files now',
  help: `matricula files run --institution ID [--approve FILE] [--json]

Does now what the daily run does: fetches files from the servers of the institution (sftp.pickUp) and from its watched
folder (files.folder), finishes runs that were interrupted where they stopped, then goes through the files that are here,
oldest first.

  --institution ID  whose files
  --approve FILE    instead: let the held file of this name through; it is planned again, since the roll may have moved
  --json            the outcome of each file as one JSON object a line on standard output

Exit codes as for import, the gravest of all files: 0 all rows are fine, 2 some rows are not, 3 held by a threshold,
1 rejected or failed, or files could not be fetched.

Example:
  matricula files run --institution north --approve people.csv`,
  async run(args, terminal) {
    const { options } = read(args, { options: { institution: 'text', approve: 'text', json: 'flag' }, words: [] })
    const id = institutionIn(options.institution)
    const done = await withStore(terminal, async (store) => {
      const institution = await knownInstitution(store, id)
      const [{ oneAtATime }, { openFolders }, { deliverNow, tellOf }] = await Promise.all([
        import('../flatfile/process.ts'),
        import('../flatfile/folders.ts'),
        import('./file-telling.ts'),
      ])
      const config = configFrom(terminal.environment)
      const folders = await openFolders(config.dataDir, id)
      using progress = openProgressLine(process.stderr)
      using _ = beforeStopped(() => {
        progress[Symbol.dispose]()
        terminal.say(howItGoesOn(id))
      })
      const tell = (summary: Summary) => tellOf(store, institution, summary)
      const processing = { store, institution, folders, by: actor(), onProgress: progress.on, tell }
      const result = await oneAtATime(processing, async (onProgress) => {
        const work = { ...processing, onProgress }
        if (options.approve !== undefined) return { codes: [], summaries: [await approve(options.approve, work)] }
        await gather(work, config, terminal)
        const fetched = await fetchFirst(work, config, terminal)
        const { codes, summaries } = await all(work, terminal)
        return { codes: [...fetched, ...codes], summaries }
      })
      await deliverNow(store, institution, config, terminal)
      return result
    })
    if (done === undefined) throw new Refusal(`another run is at the files of ${id}: try again when it is done`)
    const { codes, summaries } = done
    if (summaries.length === 0 && !codes.includes(NOT_DONE)) terminal.say('There was nothing to do.')
    for (const summary of summaries) {
      showSummary(summary, terminal, options.json ?? false)
      if (summary.result === 'held') terminal.say(howToApprove(id, summary.file))
    }
    return gravest([...codes, ...summaries.map(exitCodeOf)])
  },
}

async function gather({ store, institution }: Processing, config: Config, terminal: Terminal): Promise<void> {
  if (institution.settings.files?.folder === undefined) return
  const { gatherNow } = await import('./watched-folders.ts')
  await gatherNow(store, institution, config, terminal)
}

/** @returns an exit code for each server */
async function fetchFirst({ store, institution }: Processing, config: Config, terminal: Terminal): Promise<number[]> {
  const { pickUp = [] } = institution.settings.sftp ?? {}
  if (pickUp.length === 0) return []
  const [{ fetchFiles }, { sealWith }, { secretKeyFrom }] = await Promise.all([
    import('./pick-ups.ts'),
    import('../auth/seal.ts'),
    import('../auth/secret-key.ts'),
  ])
  terminal.say(`Fetching from ${pickUp.map(({ name }) => name).join(', ')}: files that stay as they are for a minute.`)
  const seal = sealWith(await secretKeyFrom(config))
  const options = { store, seal, dataDir: config.dataDir, signal: new AbortController().signal }
  const all = await fetchFiles(institution, options)
  for (const done of all) terminal.say(pickedUpText(done))
  return all.map(({ fault }) => (fault === undefined ? DONE : NOT_DONE))
}

/** @returns an exit code for each run that could not be gone on with */
async function all(work: Processing, terminal: Terminal): Promise<{ codes: number[]; summaries: Summary[] }> {
  const { goOnWithAll, unfinishedRuns } = await import('../flatfile/process.ts')
  const done: { codes: number[]; summaries: Summary[] } = { codes: [], summaries: [] }
  await goOnWithAll(await unfinishedRuns(work), work, {
    onSummary: (summary) => done.summaries.push(summary),
    onFailure: ({ file }, error) => {
      terminal.say(`${file} could not be gone through: ${error instanceof Error ? error.message : error}`)
      done.codes.push(NOT_DONE)
    },
  })
  return done
}

async function approve(file: string, work: Processing): Promise<Summary> {
  const { approveRun, heldRun } = await import('../flatfile/process.ts')
  const run = await heldRun(file, work)
  if (run === undefined)
    throw new Refusal(`${work.institution._id} has no held file called "${file}"; matricula files list shows them`)
  return approveRun(run, work)
}

const MOST_LISTED = 100

const list: Command = {
  summary: 'held files and past runs',
  help: `matricula files list [--institution ID] [--state STATE] [--json]

The newest ${MOST_LISTED} runs of each institution, newest first.

  --institution ID  whose files; of all when it is not named
  --state STATE     only runs in this state: waiting, planning, applying, processed, held, rejected, superseded, abandoned
  --json            as a JSON list on standard output

Example:
  matricula files list --institution north --state held`,
  async run(args, terminal) {
    const { options } = read(args, { options: { institution: 'text', state: 'text', json: 'flag' }, words: [] })
    const { RUN_STATES, runsIn } = await import('../flatfile/run-record.ts')
    const states = options.state === undefined ? RUN_STATES : [stateIn(options.state, RUN_STATES)]
    const runs = await withStore(terminal, async (store) => {
      const found: Run[] = []
      const listed = ({ _id }: Institution) => runsIn(store, _id, states, { limit: MOST_LISTED })
      for await (const some of sideBySide(await institutionsAsked(store, options.institution), listed)) found.push(...some)
      return found
    })
    if (options.json) terminal.out(JSON.stringify(runs.map(shown)))
    else
      showTable(terminal, {
        headings: ['INSTITUTION', 'RUN', 'FILE', 'STATE', 'CAME IN', 'ROWS', 'REFUSED'],
        rows: runs.map(lineOf),
        none: 'There are no runs.',
      })
    return DONE
  },
}

const show: Command = {
  summary: 'one run, and why',
  help: `matricula files show RUN [--institution ID] [--json]

What became of one file.

  --institution ID  whose file; all are asked when it is not named
  --json            as one JSON object on standard output

Example:
  matricula files show 01987c2e-6f1d-7a44-8b0e-3c9a5d2f7e10`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: { institution: 'text', json: 'flag' }, words: ['RUN'] })
    const run = await runShown(words[0], options.institution, terminal)
    if (options.json) terminal.out(JSON.stringify(shown(run)))
    else if (run.summary !== undefined) terminal.out(summaryText(run.summary))
    else terminal.out(`${run.file}: ${run.state} since ${isoTime(run.started)}.`)
    if (run.state === 'held') terminal.say(howToApprove(run.institution, run.file))
    return DONE
  },
}

export const files: Command = {
  summary: 'go through uploaded files, list and show runs',
  help: 'matricula files COMMAND …\n\nA run is the processing of one uploaded file.',
  commands: { run: runNow, list, show },
}

/** Ids of runs are unique over all institutions, so the institution need not be named. */
async function runShown(id: string, institution: string | undefined, terminal: Terminal): Promise<Run> {
  const { getRun } = await import('../flatfile/run-record.ts')
  return await withStore(terminal, async (store) => {
    const asked = await institutionsAsked(store, institution)
    for await (const run of sideBySide(asked, ({ _id }) => getRun(store, _id, id))) if (run !== undefined) return run
    throw new Refusal(`there is no run ${id}${institution === undefined ? '' : ` of ${institution}`}`)
  })
}

async function institutionsAsked(store: Store, id: string | undefined): Promise<Institution[]> {
  return id === undefined ? await listInstitutions(store) : [await knownInstitution(store, id)]
}

function stateIn(given: string, states: readonly RunState[]): RunState {
  const state = states.find((one) => one === given)
  if (state === undefined) throw new Misuse(`--state is "${given}"; it should be one of ${states.join(', ')}`)
  return state
}

function lineOf({ institution, _id, file, state, started, rows, summary }: Run): string[] {
  const refused = summary === undefined ? '' : String(summary.counts.conflict + summary.counts.invalid)
  return [institution, _id, file, state, isoTime(started), rows === undefined ? '' : String(rows), refused]
}

function shown({ institution, _id, file, state, by, approvedBy, started, ended, rows, summary }: Run) {
  return {
    institution,
    run: _id,
    file,
    state,
    by,
    ...(approvedBy && { approvedBy }),
    started: isoTime(started),
    ...(ended !== undefined && { ended: isoTime(ended) }),
    ...(rows !== undefined && { rows }),
    ...(summary && { summary }),
  }
}
