/**
 * What goes out of file runs, by webhook and e-mail to whom the institution's settings name: the summary of each, and
 * once a day what no summary tells.
 */
import { basename } from 'node:path'
import type { Seal } from '../auth/seal.ts'
import { sealWith } from '../auth/seal.ts'
import { secretKeyFrom } from '../auth/secret-key.ts'
import { openSetting } from '../auth/setting-secrets.ts'
import type { Config } from '../config.ts'
import { isLocalOnly, isLoopback, publicUrlOf } from '../config.ts'
import { dayOf } from '../days.ts'
import type { Institution } from '../directory/institution.ts'
import type { FileSourceSettings } from '../directory/settings.ts'
import type { JsonObject } from '../directory/user.ts'
import type { Day } from '../flatfile/daily-run.ts'
import { sourceOf } from '../flatfile/file-source.ts'
import { overdueSources } from '../flatfile/overdue.ts'
import type { Run } from '../flatfile/run-record.ts'
import type { Summary } from '../flatfile/summary.ts'
import { summaryText } from '../flatfile/summary-text.ts'
import type { Message, Senders } from '../jobs/deliveries.ts'
import { deliverDue, postMessages } from '../jobs/deliveries.ts'
import { mailSender } from '../jobs/mail.ts'
import { webhookSender } from '../jobs/webhook.ts'
import type { Store } from '../store/store.ts'
import type { Terminal } from './command.ts'
import { howToApprove } from './file-outcome.ts'

const WORDS = { processed: 'was processed', held: 'is held', rejected: 'was rejected' } as const

/** Puts the summary in the store for whoever is to be told. */
export function tellOf(store: Store, institution: Institution, summary: Summary): Promise<void> {
  const now = Date.now()
  return postMessages(store, institution, [messageOf(institution, summary, now)], now)
}

function messageOf({ _id, name }: Institution, summary: Summary, now: number): Message {
  const { run, file, result } = summary
  // Where the report lies on this machine is nobody's business elsewhere.
  const told: Summary = { ...summary, report: summary.report === null ? null : basename(summary.report) }
  const approve = result === 'held' ? `\n\n${howToApprove(_id, file)}` : ''
  return {
    id: `${run}-${result}`,
    type: `file.${result}`,
    at: now,
    data: { institution: _id, ...told } as unknown as JsonObject,
    subject: `${name}: ${file} ${WORDS[result]}${refusedIn(summary)}`,
    text: `${summaryText(told)}\n${whereReportsLie(_id)}${approve}\n`,
  }
}

/** Whoever reads nothing but subjects should see it. */
function refusedIn({ result, rows, counts }: Summary): string {
  const refused = counts.conflict + counts.invalid
  return result !== 'processed' || refused === 0 ? '' : `, ${refused} of ${rows} rows refused`
}

function whereReportsLie(institution: string): string {
  return `What became of each row, and what to mend: in /reports by SFTP, on the server in DATA_DIR/files/${institution}/reports`
}

/** Puts in the store what the files of a day leave untold: which could not be gone through, and which did not come. */
export async function tellOfDay(store: Store, institution: Institution, { due, failed }: Day): Promise<void> {
  const now = Date.now()
  const overdue = await overdueSources(store, institution, now)
  const about = { institution, due, at: now }
  const messages = [...failed.map((run) => failedMessage(run, about)), ...overdue.map((one) => missingMessage(one, about))]
  await postMessages(store, institution, messages, now)
}

type About = { readonly institution: Institution; readonly due: number; readonly at: number }

function failedMessage({ _id: run, file }: Run, { institution: { _id, name }, due, at }: About): Message {
  return {
    id: `${run}-failed-${dayOf(due)}`,
    type: 'file.failed',
    at,
    data: { institution: _id, run, file },
    subject: `${name}: ${file} could not be gone through`,
    text: `Something on the server kept the run from going on: its log says what, at "file run failed". Nothing of the file is lost. It is tried again with the next daily run, or by: matricula files run --institution ${_id}\n`,
  }
}

function missingMessage(missing: FileSourceSettings, { institution: { _id, name, settings }, due, at }: About): Message {
  const { pattern, missingAfterDays: days = 0 } = missing
  const source = sourceOf(missing)
  const place = settings.files?.sources?.indexOf(missing)
  const span = days === 1 ? 'a day' : `${days} days`
  return {
    id: `${_id}-missing-${place}-${dayOf(due)}`,
    type: 'file.missing',
    at,
    data: { institution: _id, source, pattern, missingAfterDays: days },
    subject: `${name}: no file ${pattern} for more than ${span}`,
    text: `No file ${pattern} (source ${source}) has come for more than ${span}, so the roll does not know what has changed since. Look at the system that sends it. What came so far: matricula files list --institution ${_id}\n\nHow long to wait is set by missingAfterDays in files.sources.\n`,
  }
}

export function sendersFrom(config: Config, seal: Seal): Senders {
  const { mail } = config
  const openSecret = (institution: string, sealed: string) => openSetting(seal, institution, sealed)
  return {
    webhook: webhookSender({ openSecret, isLocal: isLocalOnly(publicUrlOf(config)) }),
    ...(mail && { email: mailSender({ ...mail, isLocal: isLoopback(mail.server.host) }) }),
  }
}

/** One attempt before a command ends; what fails is tried again by a server. */
export async function deliverNow(store: Store, institution: Institution, config: Config, terminal: Terminal): Promise<void> {
  if (institution.settings.files?.notify === undefined) return
  const onFailed = ({ to }: { readonly to: { readonly kind: string } }, why: string) =>
    terminal.say(`The summary did not go out by ${to.kind}: ${why}. A running server tries again.`)
  const senders = sendersFrom(config, sealWith(await secretKeyFrom(config)))
  await deliverDue(institution._id, { store, senders, onFailed }, new AbortController().signal)
}
