/**
 * Runs of flat files at the command line: what holds a file, who lets it through, what a report is good for, and that a
 * run which dies anywhere goes on where it stopped.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { allDocs } from '../src/directory/each-doc.ts'
import type { Summary } from '../src/flatfile/summary.ts'
import { takeLease } from '../src/jobs/lease.ts'
import type { Store } from '../src/store/store.ts'
import { FileDesk } from './file-desk.ts'
import { forEachStore } from './stores.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const KILLS = Number(process.env.CRASHES ?? 4)
const HEADER = 'netid,email,first_name,last_name,account_type,account_status,city'

await forEachStore((name, place) => {
  describe(`a run of a flat file, on ${name}`, () => {
    const at = place()
    const { open } = at
    const desk = new FileDesk(at)
    const { folder, environment } = desk
    // A FerretDB writes as many rows in a minute as others in a second.
    const size = name === 'ferretdb' ? 20 : 200

    it('holds a file that has lost half its rows, says so, and changes nothing', async () => {
      const institution = await desk.institution()
      await desk.imported(institution, [HEADER, ...rows(60)])
      const { code, summary } = await desk.imported(institution, [HEADER, ...rows(30, { city: 'Oslo' })])
      assert.deepEqual([code, summary.result, summary.reason], [3, 'held', 'shrunk'])
      assert.match(summary.message, /30 of 60 rows \(50 %\) are missing against the last file of this name.*Nothing was changed/)
      assert.equal((await desk.people(institution)).filter(({ city }) => city === 'Oslo').length, 0)
    })

    it('holds a file whose status column has turned to 0, until it is approved', async () => {
      const institution = await desk.institution()
      await desk.imported(institution, [HEADER, ...rows(40)])
      const { code, summary } = await desk.imported(institution, [HEADER, ...rows(40, { status: '0' })])
      assert.deepEqual([code, summary.reason, summary.deactivated], [3, 'too_many_deactivated', 40])
      assert.match(summary.message, /40 of 40 rows \(100 %\) would deactivate people, more than 10 %/)
      assert.equal((await desk.people(institution)).filter(({ account_status }) => account_status === 'inactive').length, 0)
      const listed = await desk.matricula('files', 'list', '--institution', institution, '--state', 'held', '--json')
      assert.equal(JSON.parse(listed.out[0] as string)[0].file, 'people.csv')
      const approved = await desk.matricula('files', 'run', '--institution', institution, '--approve', 'people.csv', '--json')
      assert.equal(approved.code, 0, approved.said)
      assert.equal((await desk.people(institution)).filter(({ account_status }) => account_status === 'inactive').length, 40)
      assert.equal((await desk.matricula('files', 'run', '--institution', institution, '--approve', 'people.csv')).code, 1)
    })

    it('counts thresholds from 20 rows up', async () => {
      const institution = await desk.institution()
      await desk.imported(institution, [HEADER, ...rows(19)])
      const { code, summary } = await desk.imported(institution, [HEADER, ...rows(19, { status: '0' })])
      assert.deepEqual([code, summary.counts.updated], [0, 19])
    })

    it('says in a dry run what the run then does, and writes nothing', async () => {
      const institution = await desk.institution()
      const lines = [HEADER, ...rows(5), '7,n7@uni.edu,Ana,Ode,Pilot,,', ...rows(2, { city: 'Rome' })]
      const dry = await desk.imported(institution, lines, '--dry-run')
      assert.equal((await desk.people(institution)).length, 0)
      const real = await desk.imported(institution, lines)
      assert.deepEqual([dry.code, dry.summary.counts], [real.code, real.summary.counts])
      assert.deepEqual(real.summary.counts, { created: 5, updated: 2, unchanged: 0, conflict: 0, invalid: 1 })
    })

    it('gives the table back with outcome, reason and fix, ready to mend and send again', async () => {
      const institution = await desk.institution()
      const report = join(folder, 'report.csv')
      const bad = '007,bad@uni.edu,=1+1,"Ode, jr.",Pilot,,'
      const first = await desk.imported(institution, [HEADER, ...rows(1), bad], '--report', report)
      assert.equal(first.code, 2)
      const told = readFileSync(report, 'utf8')
      assert.ok(told.startsWith(`\ufeffoutcome,reason,fix,${HEADER}\r\ncreated,,,0,`), told)
      assert.match(told, /\r\ninvalid,account_type_unknown,".*one of Student.*",007,bad@uni.edu,'=1\+1,"Ode, jr.",Pilot,,\r\n$/)
      const mended = told.replace(',Pilot,', ',Staff,').split('\r\n')
      const second = await desk.imported(institution, mended, '--report', report)
      assert.deepEqual(second.summary.counts, { created: 1, updated: 0, unchanged: 1, conflict: 0, invalid: 0 })
      assert.ok((await desk.people(institution)).some(({ first_name, netid }) => first_name === '=1+1' && netid === '007'))
      assert.ok(readFileSync(report, 'utf8').startsWith(`\ufeffoutcome,reason,fix,${HEADER}\r\nunchanged,,,0,`))
    })

    it('takes a source, a mode and constants by the name of the file', async () => {
      const sources = [{ pattern: 'people*.csv', name: 'hr', mode: 'update', constants: { account_status: 'inactive' } }] as const
      const institution = await desk.institution()
      await desk.imported(institution, [HEADER, ...rows(2)])
      const settings = join(folder, 'settings.json')
      writeFileSync(settings, JSON.stringify({ files: { sources } }))
      assert.equal((await desk.matricula('institution', 'set', institution, '--settings', settings)).code, 0)
      const { code, summary } = await desk.imported(institution, ['NetID', '1', 'nobody'])
      assert.deepEqual([code, summary.source, summary.mode], [2, 'file:hr', 'update'])
      assert.deepEqual(summary.counts, { created: 0, updated: 1, unchanged: 0, conflict: 0, invalid: 1 })
      assert.deepEqual(Object.keys(summary.problems ?? {}), ['person_unknown'])
      assert.deepEqual((await desk.people(institution)).map(({ account_status }) => account_status).sort(), [
        'active',
        'inactive',
      ])
    })

    it('leaves a field alone whose cell is empty, unless the institution says otherwise', async () => {
      for (const [settings, city] of [
        [{}, 'Rome'],
        [{ emptyClears: ['file'] }, undefined],
      ] as const) {
        const institution = await desk.institution(settings)
        await desk.imported(institution, [HEADER, ...rows(1, { city: 'Rome' })])
        await desk.imported(institution, [HEADER, ...rows(1)])
        assert.deepEqual(
          (await desk.people(institution)).map((person) => person.city),
          [city],
        )
      }
    })

    it('names what another source has the say over', async () => {
      const institution = await desk.institution({
        authority: { city: ['file:sis', 'file'] },
        files: { sources: [{ pattern: 'sis.csv' }] },
      })
      const report = join(folder, 'withheld.csv')
      const sis = join(folder, 'sis.csv')
      writeFileSync(sis, [HEADER, ...rows(1, { city: 'Rome' })].join('\n'))
      assert.equal((await desk.matricula('import', sis, '--institution', institution)).code, 0)
      await desk.imported(institution, [HEADER, ...rows(1, { city: 'Oslo' })], '--report', report)
      assert.match(readFileSync(report, 'utf8'), /\r\nupdated,withheld,another source has the say over city,0,/)
      assert.deepEqual(
        (await desk.people(institution)).map(({ city }) => city),
        ['Rome'],
      )
    })

    it('goes through files of an institution one at a time, and says so', async () => {
      const institution = await desk.institution()
      await using store = await open()
      await using lease = await takeLease({ store, institution, name: 'files' })
      assert.ok(lease !== undefined)
      const { code, said } = await desk.matricula('files', 'run', '--institution', institution)
      assert.deepEqual([code, said], [1, `matricula: another run is at the files of ${institution}: try again when it is done`])
    })

    it(`goes on where it stopped when it is killed, ${KILLS} times, and ends as if it had not been`, {
      timeout: 240_000,
    }, async () => {
      const lines = [HEADER, ...rows(5 * size), ...['Rome', 'Rome', 'Oslo'].flatMap((city) => rows(3 * size, { city }))]
      const file = join(folder, 'many.csv')
      writeFileSync(file, lines.join('\n'))
      const undisturbed = await desk.institution()
      const began = performance.now()
      const wanted = JSON.parse(await finished(undisturbed, file)) as Summary
      const spentMs = performance.now() - began
      for (let kill = 0; kill < KILLS; kill++) {
        const institution = await desk.institution()
        await killedAfter(spentMs * (0.35 + (0.65 * (kill + Math.random())) / KILLS), institution, file)
        const resumed = await desk.matricula('files', 'run', '--institution', institution, '--json')
        const summary =
          resumed.out[0] === undefined ? await lastSummary(institution, file) : (JSON.parse(resumed.out[0]) as Summary)
        assert.deepEqual(summary.counts, wanted.counts)
        assert.deepEqual(byNetid(await desk.people(institution)), byNetid(await desk.people(undisturbed)))
        await using store = await open()
        assert.deepEqual(await rowsWithEvents(store, institution), await rowsWithEvents(store, undisturbed))
      }
    })

    async function finished(institution: string, file: string): Promise<string> {
      const child = spawnImport(institution, file)
      let out = ''
      child.stdout?.on('data', (text) => (out += text))
      await once(child, 'close')
      return out
    }

    async function killedAfter(ms: number, institution: string, file: string): Promise<void> {
      const child = spawnImport(institution, file)
      const ended = once(child, 'close')
      await Promise.race([wait(ms), ended])
      child.kill('SIGKILL')
      await ended
    }

    function spawnImport(institution: string, file: string) {
      const args = [MAIN, 'import', file, '--institution', institution, '--json', '--approve']
      return spawn(process.execPath, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] })
    }

    /** The kill came too early, before the file was taken, or too late. */
    async function lastSummary(institution: string, file: string): Promise<Summary> {
      const listed = await desk.matricula('files', 'list', '--institution', institution, '--json')
      const [last] = JSON.parse(listed.out[0] ?? '[]')
      return last?.summary ?? JSON.parse(await finished(institution, file))
    }
  })
})

function rows(count: number, { city = '', status = '' } = {}): string[] {
  return Array.from({ length: count }, (_, n) => `${n},n${n}@uni.edu,Ana,Ode,Student,${status},${city}`)
}

function byNetid(found: readonly { readonly [field: string]: unknown }[]): unknown[] {
  return [...found].sort((a, b) => Number(a.netid) - Number(b.netid))
}

async function rowsWithEvents(store: Store, institution: string): Promise<unknown[]> {
  const events = await allDocs(store, 'events', institution, { op: 'pr', path: 'run' })
  return events.map(({ row, kind }) => [row, kind] as const).sort(([a], [b]) => Number(a) - Number(b))
}
