/**
 * Runs of flat files at the command line: what holds a file, who lets it through, what a report is good for, and that
 * one process at a time is at the files of an institution.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { allDocs } from '../src/directory/each-doc.ts'
import { getInstitution } from '../src/directory/institution.ts'
import { openFolders } from '../src/flatfile/folders.ts'
import { receive } from '../src/flatfile/receive.ts'
import type { Summary } from '../src/flatfile/summary.ts'
import { takeLease } from '../src/jobs/lease.ts'
import { FileDesk } from './file-desk.ts'
import { forEachStore } from './stores.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const HEADER = 'netid,email,first_name,last_name,account_type,account_status,city'

await forEachStore((name, place) => {
  describe(`a run of a flat file, on ${name}`, () => {
    const at = place()
    const { open } = at
    const desk = new FileDesk(at)
    const { folder } = desk

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
      const table = await desk.matricula('files', 'list', '--institution', institution)
      assert.match(table.out[0] as string, /^INSTITUTION +RUN +FILE +STATE +CAME IN +ROWS +REFUSED/)
      const approved = await desk.matricula('files', 'run', '--institution', institution, '--approve', 'people.csv', '--json')
      assert.equal(approved.code, 0, approved.said)
      assert.equal((await desk.people(institution)).filter(({ account_status }) => account_status === 'inactive').length, 40)
      assert.equal((await desk.matricula('files', 'run', '--institution', institution, '--approve', 'people.csv')).code, 1)
    })

    it('holds a file no longer when a newer one of its name has been processed', async () => {
      const institution = await desk.institution()
      const approve = () => desk.matricula('files', 'run', '--institution', institution, '--approve', 'people.csv')
      await desk.imported(institution, [HEADER, ...rows(40)])
      for (const _ of ['once', 'again']) {
        assert.equal((await desk.imported(institution, [HEADER, ...rows(40, { status: '0' })])).summary.result, 'held')
      }
      assert.equal((await desk.imported(institution, [HEADER, ...rows(40, { city: 'Oslo' })], '--approve')).code, 0)
      assert.equal((await approve()).code, 1)
      assert.ok((await desk.people(institution)).every(({ account_status }) => account_status === 'active'))
    })

    it('tells how a held file is let through, in a line that a shell reads as it is meant', async () => {
      const institution = await desk.institution()
      const name = "new'$(id)`id` staff.csv"
      for (const status of ['1', '0']) {
        const file = desk.write(name, [HEADER, ...rows(40, { status })].join('\n'))
        await desk.matricula('import', file, '--institution', institution)
      }
      const held = await desk.matricula('files', 'list', '--institution', institution, '--state', 'held', '--json')
      const [run] = JSON.parse(held.out[0] ?? '[]')
      const { said } = await desk.matricula('files', 'show', run.run)
      const [, line = ''] = /^To let it through: matricula (.*)$/m.exec(said) ?? []
      const words = execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
        .trim()
        .split('\n')
      assert.deepEqual(words, ['files', 'run', '--institution', institution, '--approve', name])
      assert.equal((await desk.matricula(...words)).code, 0)
    })

    it('counts thresholds from 20 rows up', async () => {
      const institution = await desk.institution()
      await desk.imported(institution, [HEADER, ...rows(19)])
      const { code, summary } = await desk.imported(institution, [HEADER, ...rows(19, { status: '0' })])
      assert.deepEqual([code, summary.counts.updated], [0, 19])
    })

    it('measures a file that tells of changes alone by the people on the roll', async () => {
      const sources = [
        { pattern: 'leavers*.csv', name: 'hr', mode: 'update', constants: { account_status: 'inactive' } },
      ] as const
      const institution = await desk.institution({ files: { sources } })
      await desk.imported(institution, [HEADER, ...rows(300)])
      const leavers = async (from: number, to: number) => {
        const file = desk.write(
          'leavers.csv',
          ['netid', ...Array.from({ length: to - from }, (_, n) => `${from + n}`)].join('\n'),
        )
        const { code, out } = await desk.matricula('import', file, '--institution', institution, '--json')
        return { code, summary: JSON.parse(out.join('\n')) as Summary }
      }
      const few = await leavers(0, 25)
      assert.deepEqual([few.code, few.summary.deactivated], [0, 25])
      const fewer = await leavers(25, 28)
      assert.deepEqual([fewer.code, fewer.summary.deactivated], [0, 3])
      const many = await leavers(28, 63)
      assert.deepEqual([many.code, many.summary.reason], [3, 'too_many_deactivated'])
      assert.match(many.summary.message, /35 of 300 people \(12 %\) would be deactivated, more than 10 %/)
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

    it('names in a dry run the rows to mend, without a report', async () => {
      const file = desk.write('people.csv', [HEADER, ...rows(1), '7,n7@uni.edu,Ana,Ode,Pilot,,'].join('\n'))
      const { code, out, said } = await desk.matricula('import', file, '--institution', await desk.institution(), '--dry-run')
      assert.equal(code, 2)
      const told = out.join('\n')
      assert.match(told, /1 of 2 rows cannot be used as they are\.\n/)
      assert.match(told, /\nTo mend:\n\n {2}row 3, column "account_type": account_type is "Pilot"; it should be one of /)
      assert.match(said, /--report F\.csv/)
    })

    it('gives the table back with outcome, reason and fix, ready to mend and send again', async () => {
      const institution = await desk.institution()
      const report = join(folder, 'report.csv')
      const bad = '007,bad@uni.edu,=1+1,"Ode, jr.",Pilot,,'
      const lines = join(folder, 'report.ndjson')
      const first = await desk.imported(institution, [HEADER, ...rows(1), bad], '--report', report, '--report', lines)
      assert.deepEqual([first.code, first.summary.report], [2, report])
      assert.equal(readFileSync(lines, 'utf8').trim().split('\n').length, 2)
      const told = readFileSync(report, 'utf8')
      assert.ok(told.startsWith(`\ufeffoutcome,reason,fix,${HEADER}\r\ncreated,,,0,`), told)
      assert.match(told, /\r\ninvalid,account_type_unknown,".*one of Student.*",007,bad@uni.edu,'=1\+1,"Ode, jr.",Pilot,,\r\n$/)
      const mended = told.replace(',Pilot,', ',Staff,').split('\r\n')
      const second = await desk.imported(institution, mended, '--report', report)
      assert.deepEqual(second.summary.counts, { created: 1, updated: 0, unchanged: 1, conflict: 0, invalid: 0 })
      assert.ok((await desk.people(institution)).some(({ first_name, netid }) => first_name === '=1+1' && netid === '007'))
      assert.ok(readFileSync(report, 'utf8').startsWith(`\ufeffoutcome,reason,fix,${HEADER}\r\nunchanged,,,0,`))
    })

    it('gives a table of semicolons back with semicolons, which the program that wrote them reads', async () => {
      const institution = await desk.institution()
      const report = join(folder, 'report.csv')
      const header = HEADER.replaceAll(',', ';')
      await desk.imported(institution, [header, '007;bad@uni.edu;"Ana; Bo";Ode, jr.;Pilot;;'], '--report', report)
      const told = readFileSync(report, 'utf8')
      assert.ok(told.startsWith(`\ufeffoutcome;reason;fix;${header}\r\ninvalid;account_type_unknown;`), told)
      assert.ok(told.endsWith(';007;bad@uni.edu;"Ana; Bo";Ode, jr.;Pilot;;\r\n'), told)
      const { summary } = await desk.imported(institution, told.replace(';Pilot;', ';Staff;').split('\r\n'))
      assert.equal(summary.counts.created, 1)
    })

    it('gives the refused rows as a workbook, which keeps what they say and is sent back when they are mended', async () => {
      const institution = await desk.institution()
      const odd = '007,bad@uni.edu,=1+1,_x0041_ & <Ode>,Pilot,,'
      await desk.imported(institution, [HEADER, ...rows(3), odd])
      const reports = join(folder, 'files', institution, 'reports')
      const [name = ''] = readdirSync(reports).filter((one) => one.endsWith('_people.csv.xlsx'))
      const settings = desk.write('settings.json', JSON.stringify({ accountTypes: ['Student', 'Staff', 'Pilot'] }))
      assert.equal((await desk.matricula('institution', 'set', institution, '--settings', settings)).code, 0)
      const { out } = await desk.matricula('import', join(reports, name), '--institution', institution, '--json')
      const { counts, header, notices } = JSON.parse(out[0] as string)
      assert.deepEqual(notices, [])
      assert.deepEqual([counts.created, counts.unchanged, header.columns.slice(0, 4)], [1, 0, [null, null, null, 'netid']])
      const person = (await desk.people(institution)).find(({ netid }) => netid === '007')
      assert.deepEqual([person?.first_name, person?.last_name], ['=1+1', '_x0041_ & <Ode>'])
      assert.equal(readdirSync(reports).filter((one) => one.endsWith('.xlsx')).length, 1)
    })

    it('gives no workbook of refused rows of a roster, of which a part says that the others are gone', async () => {
      const institution = await desk.institution({ files: { sources: [{ pattern: '*', name: 'sis', mode: 'roster' }] } })
      const { summary } = await desk.imported(institution, [HEADER, ...rows(3), '007,bad@uni.edu,Bo,Ode,Pilot,,'])
      assert.equal(summary.counts.invalid, 1)
      assert.deepEqual(
        readdirSync(join(folder, 'files', institution, 'reports')).filter((one) => one.endsWith('.xlsx')),
        [],
      )
    })

    it('takes a report that is sent back under its name for what it tells of, and misses nobody against another one', async () => {
      const sources = [{ pattern: 'students*.csv', constants: { account_type: 'Student' } }] as const
      const institution = await desk.institution({ files: { sources } })
      const header = 'netid,email,first_name,last_name'
      for (const [day, count] of [
        ['24', 30],
        ['25', 1],
      ] as const) {
        const lines = [
          `outcome,reason,fix,${header}`,
          ...Array.from({ length: count }, (_, n) => `,,,${n},n${n}@uni.edu,Ana,Ode`),
        ]
        const file = desk.write(`2026-11-${day}T030000.000Z_students.csv.csv`, lines.join('\n'))
        const { out } = await desk.matricula('import', file, '--institution', institution, '--json')
        const summary = JSON.parse(out[0] as string)
        assert.deepEqual([summary.result, summary.source, summary.rows], ['processed', 'file:students', count])
      }
    })

    it('does not begin with a file whose name is too long for its report', async () => {
      const institution = await desk.institution()
      const file = desk.write(`${'a'.repeat(230)}.csv`, HEADER)
      const { code, said } = await desk.matricula('import', file, '--institution', institution)
      assert.equal(code, 1)
      assert.match(said, /the name has 234 bytes; it should have at most 200/)
      assert.deepEqual((await desk.matricula('files', 'run', '--institution', institution)).code, 0)
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

    it('names all that is wrong with a row, and what a new person lacks beside', async () => {
      const institution = await desk.institution()
      const report = join(folder, 'wrong.ndjson')
      await desk.imported(
        institution,
        [
          'netid,email,first_name,last_name,account_type,zipcode,country',
          '7,a@uni.edu,Ada,King,Student,8000,PT',
          '7,,,,Studnet,1.23E+05,PT',
          '8,b at uni,Bob,,,1.23E+05,Portugall',
          '#N/A,c@uni.edu,,,,,Portugall',
        ],
        '--report',
        report,
      )
      const told = readFileSync(report, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { outcome: string; problems: { column: string; code: string }[] })
      assert.deepEqual(
        told.map(({ problems }) => problems.map(({ column, code }) => `${column} ${code}`)),
        [
          [],
          ['zipcode number_damaged', 'account_type account_type_unknown'],
          [
            'zipcode number_damaged',
            'email email_invalid',
            'country country_unknown',
            'last_name required_missing',
            'account_type required_missing',
          ],
          // Who this is cannot be told, so neither can what a new person would lack.
          ['netid cell_error', 'country country_unknown'],
        ],
      )
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
      for (const outcome of ['updated', 'unchanged']) {
        await desk.imported(institution, [HEADER, ...rows(1, { city: 'Oslo' })], '--report', report)
        const [, row = ''] = readFileSync(report, 'utf8').split('\r\n')
        assert.match(row, new RegExp(`^${outcome},withheld,another source has the say over city,0,`))
      }
      assert.deepEqual(
        (await desk.people(institution)).map(({ city }) => city),
        ['Rome'],
      )
    })

    it('is not begun when its file is none, or its report could not be written or would take its place', async () => {
      const institution = await desk.institution()
      const file = desk.write('people.csv', [HEADER, ...rows(1)].join('\n'))
      for (const [said, ...args] of [
        ['is a folder', folder],
        ['can be read only once', '/dev/null'],
        ['there is no folder /no/such/folder', file, '--report', '/no/such/folder/r.csv'],
        ['the file itself', file, '--report', file],
      ] as const) {
        const told = await desk.matricula('import', ...args, '--institution', institution)
        assert.equal(told.code, 1)
        assert.ok(told.said.includes(said), told.said)
      }
      assert.equal((await desk.people(institution)).length, 0)
    })

    it('says in a line that the disk is full', {
      skip: !existsSync('/dev/full') && 'needs a device that is always full',
    }, async () => {
      const institution = await desk.institution()
      const file = desk.write('people.csv', [HEADER, ...rows(1)].join('\n'))
      const report = join(folder, 'full.csv')
      symlinkSync('/dev/full', report)
      const { code, said } = await desk.matricula('import', file, '--institution', institution, '--dry-run', '--report', report)
      assert.equal(code, 1)
      assert.match(said, /^matricula: no space left on device \(ENOSPC\): make room in DATA_DIR/)
    })

    it('goes through files of an institution one at a time, and says so', async () => {
      const institution = await desk.institution()
      await using store = await open()
      await using lease = await takeLease({ store, institution, name: 'files' })
      assert.ok(lease !== undefined)
      const { code, said } = await desk.matricula('files', 'run', '--institution', institution)
      assert.deepEqual([code, said], [1, `matricula: another run is at the files of ${institution}: try again when it is done`])
    })

    it('is done by one of two processes that are told to run at once', async () => {
      const institution = await desk.institution()
      await using store = await at.open()
      const folders = await openFolders(desk.folder, institution)
      const [north, by] = [await getInstitution(store, institution), { source: 'file' } as const]
      assert.ok(north)
      const body = Readable.from([Buffer.from([HEADER, ...rows(30)].join('\n'))])
      assert.equal((await receive(body, 'people.csv', { store, institution: north, folders, by })).kind, 'waiting')
      const ended = await Promise.all([runBeside(institution), runBeside(institution)])
      const [summary, ...others] = ended.flatMap(({ out }) => out.split('\n').filter(Boolean))
      assert.equal((JSON.parse(summary ?? '{}') as Summary).counts.created, 30)
      assert.deepEqual(others, [])
      const said = /another run is at the files|There was nothing to do/
      assert.equal(ended.filter(({ said: text }) => said.test(text)).length, 1)
      const events = await allDocs(store, 'events', institution, { op: 'pr', path: 'row' })
      assert.equal(events.length, 30)
    })

    async function runBeside(institution: string): Promise<{ out: string; said: string }> {
      const args = [MAIN, 'files', 'run', '--institution', institution, '--json']
      const child = spawn(process.execPath, args, { env: { ...process.env, ...desk.environment } })
      const [out, said] = await Promise.all([text(child.stdout), text(child.stderr)])
      return { out, said }
    }
  })
})

function rows(count: number, { city = '', status = '' } = {}): string[] {
  return Array.from({ length: count }, (_, n) => `${n},n${n}@uni.edu,Ana,Ode,Student,${status},${city}`)
}
