/**
 * An import that is killed at any moment and told to go on ends as if nothing had happened: every row is done, none twice.
 * `CRASHES=20 CRASH_ROWS=100000` kills a long one often.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { allDocs } from '../src/directory/each-doc.ts'
import type { Summary } from '../src/flatfile/summary.ts'
import { FileDesk } from './file-desk.ts'
import { forEachStore } from './stores.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const KILLS = Number(process.env.CRASHES ?? 3)
const HEADER = 'netid,email,first_name,last_name,account_type,city'
/** Whoever is not in the file of the roster is let go at once. */
const SETTINGS = { files: { sources: [{ pattern: '*', name: 'sis', mode: 'roster' as const, deactivateAfter: 1 }] } }

await forEachStore((name, place) => {
  describe(`an import that is killed, on ${name}`, () => {
    const at = place()
    const desk = new FileDesk(at)
    // A FerretDB writes as many rows in a minute as others in a second.
    const rowCount = Number(process.env.CRASH_ROWS ?? (name === 'ferretdb' ? 110 : 2800))
    const file = desk.write('many.csv', [HEADER, ...manyRows(rowCount)].join('\n'))

    it(`goes on where it stopped, ${KILLS} times, and ends as if it had not been`, { timeout: 3_600_000 }, async (t) => {
      const undisturbed = await anInstitution()
      const wanted = JSON.parse(await importedBy(undisturbed)) as Summary
      const [{ started, ended = '' } = NO_RUN] = await runsOf(undisturbed)
      const spentMs = Date.parse(ended) - Date.parse(started)
      assert.deepEqual([wanted.rows, wanted.missing?.deactivated], [rowCount, Math.ceil(rowCount / 20)])
      const [people, events] = [await peopleOf(undisturbed), await eventsOf(undisturbed)]
      const met: string[] = []
      for (let kill = 0; kill < KILLS; kill++) {
        const institution = await anInstitution()
        await killedAfter((spentMs * (kill + Math.random())) / KILLS, institution)
        met.push(await stateOf(institution))
        const summary = await finished(institution)
        assert.deepEqual([summary.counts, summary.missing], [wanted.counts, wanted.missing])
        assert.deepEqual(await peopleOf(institution), people)
        assert.deepEqual(await eventsOf(institution), events)
      }
      t.diagnostic(`killed while ${met.join(', ')}`)
    })

    /** With people whom the file will leave out. */
    async function anInstitution(): Promise<string> {
      const institution = await desk.institution(SETTINGS)
      const leaving = Array.from({ length: Math.ceil(rowCount / 20) }, (_, n) => rowOf(`x${n}`, ''))
      await desk.imported(institution, [HEADER, ...leaving])
      return institution
    }

    function start(institution: string) {
      const args = [MAIN, 'import', file, '--institution', institution, '--json', '--approve']
      return spawn(process.execPath, args, { env: { ...process.env, ...desk.environment }, stdio: ['ignore', 'pipe', 'inherit'] })
    }

    async function importedBy(institution: string): Promise<string> {
      const child = start(institution)
      let out = ''
      child.stdout.on('data', (text) => (out += text))
      await once(child, 'close')
      return out
    }

    /** @param ms after the run has begun */
    async function killedAfter(ms: number, institution: string): Promise<void> {
      const child = start(institution)
      const ended = once(child, 'close')
      const work = join(desk.folder, 'files', institution, 'work')
      while (child.exitCode === null && readdirSync(work).length === 0) await wait(5)
      await Promise.race([wait(ms), ended])
      child.kill('SIGKILL')
      await ended
    }

    async function runsOf(institution: string): Promise<ListedRun[]> {
      const { out } = await desk.matricula('files', 'list', '--institution', institution, '--json')
      return JSON.parse(out[0] as string)
    }

    async function stateOf(institution: string): Promise<string> {
      const [last] = await runsOf(institution)
      return last?.file === 'many.csv' ? last.state : 'starting'
    }

    /** The kill came too early, before the file was taken, or too late, when all was done. */
    async function finished(institution: string): Promise<Summary> {
      const { out } = await desk.matricula('files', 'run', '--institution', institution, '--json')
      if (out[0] !== undefined) return JSON.parse(out[0])
      const [last] = await runsOf(institution)
      return last?.file === 'many.csv' && last.summary ? last.summary : JSON.parse(await importedBy(institution))
    }

    async function peopleOf(institution: string): Promise<unknown[]> {
      const people = await desk.people(institution)
      return people.toSorted((a, b) => (String(a.netid) < String(b.netid) ? -1 : 1))
    }

    async function eventsOf(institution: string): Promise<string[]> {
      await using store = await at.open()
      const events = await allDocs(store, 'events', institution, { op: 'pr', path: 'run' })
      return events.map(({ row, kind }) => `${row ?? 'missing'} ${kind}`).sort()
    }
  })
})

type ListedRun = {
  readonly file: string
  readonly state: string
  readonly started: string
  readonly ended?: string
  readonly summary?: Summary
}

const NO_RUN: Pick<ListedRun, 'started' | 'ended'> = { started: '' }

/** New people, and some of them again and again: changed, left as they are, changed. */
function manyRows(count: number): string[] {
  const [all, again] = [Math.ceil((count * 5) / 14), Math.floor((count * 3) / 14)]
  const rows = Array.from({ length: all }, (_, n) => rowOf(String(n), ''))
  for (let n = 0; rows.length < count; n++)
    rows.push(rowOf(String(n % again), ['Rome', 'Rome', 'Oslo'][Math.floor(n / again) % 3] ?? ''))
  return rows
}

function rowOf(netid: string, city: string): string {
  return `${netid},n${netid}@uni.edu,Ana,Ode,Student,${city}`
}
