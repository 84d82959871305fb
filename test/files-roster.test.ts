/**
 * Rosters: whom a source has brought and leaves out of so many files in a row is deactivated, and comes back with it.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { apply } from '../src/directory/apply.ts'
import { allDocs } from '../src/directory/each-doc.ts'
import { getInstitution } from '../src/directory/institution.ts'
import type { Settings } from '../src/directory/settings.ts'
import type { Summary } from '../src/flatfile/summary.ts'
import { aChange } from './builders.ts'
import { FileDesk } from './file-desk.ts'
import { forEachStore } from './stores.ts'

const HEADER = 'netid,email,first_name,last_name,account_type'

await forEachStore((name, place) => {
  describe(`the file of a roster, on ${name}`, () => {
    const at = place()
    const desk = new FileDesk(at)

    function roster(deactivateAfter?: number, settings: Settings = {}): Promise<string> {
      const source = { pattern: 'people.csv', name: 'sis', mode: 'roster' as const }
      return desk.institution({ ...settings, files: { sources: [{ ...source, ...(deactivateAfter && { deactivateAfter }) }] } })
    }

    const send = (institution: string, numbers: readonly number[], ...more: readonly string[]) =>
      desk.imported(institution, [HEADER, ...numbers.map(rowOf)], ...more)

    /** Numbers of those who are inactive. */
    async function inactive(institution: string): Promise<number[]> {
      const people = await desk.people(institution)
      return people
        .filter(({ account_status }) => account_status === 'inactive')
        .map(({ netid }) => Number(netid))
        .sort()
    }

    async function eventsOf(institution: string) {
      await using store = await at.open()
      return await allDocs(store, 'events', institution, {
        op: 'in',
        path: 'kind',
        values: ['user.deactivated', 'user.activated'],
      })
    }

    it('deactivates whoever is missing from three in a row, says so, and brings back who comes back', async () => {
      const institution = await roster()
      assert.deepEqual(missing(await send(institution, [1, 2, 3])), { people: 0, deactivated: 0 })
      for (const _ of ['first', 'second'])
        assert.deepEqual(missing(await send(institution, [1, 2])), { people: 1, deactivated: 0 })
      assert.deepEqual(await inactive(institution), [])
      const third = await send(institution, [1, 2])
      assert.deepEqual(missing(third), { people: 1, deactivated: 1 })
      assert.match(third.summary.message, /people missing from the file: 1, deactivated for it: 1/)
      assert.deepEqual(await inactive(institution), [3])
      assert.deepEqual(missing(await send(institution, [1, 2])), { people: 0, deactivated: 0 })
      const back = await send(institution, [1, 2, 3])
      assert.deepEqual([back.summary.counts.updated, await inactive(institution)], [1, []])
      const events = await eventsOf(institution)
      assert.deepEqual(
        events.map(({ kind, source, run, row }) => ({ kind, source, run, row })),
        [
          { kind: 'user.deactivated', source: 'file:sis', run: third.summary.run, row: undefined },
          { kind: 'user.activated', source: 'file:sis', run: back.summary.run, row: 4 },
        ],
      )
    })

    it('counts from the start again when somebody was there in between', async () => {
      const institution = await roster(2)
      for (const numbers of [[1, 2], [1], [1, 2], [1]]) await send(institution, numbers)
      assert.deepEqual(await inactive(institution), [])
      await send(institution, [1])
      assert.deepEqual(await inactive(institution), [2])
    })

    it('writes nothing when it says the same again', async () => {
      const institution = await roster()
      await send(institution, [1, 2])
      const versions = (await desk.users(institution)).map(({ version }) => version)
      const { summary } = await send(institution, [1, 2])
      assert.equal(summary.counts.unchanged, 2)
      assert.deepEqual(
        (await desk.users(institution)).map(({ version }) => version),
        versions,
      )
    })

    it('tells in a dry run who would be missing, and counts nothing', async () => {
      const institution = await roster(1)
      await send(institution, [1, 2])
      const report = join(desk.folder, 'dry.ndjson')
      assert.deepEqual(missing(await send(institution, [1], '--dry-run', '--report', report)), { people: 1, deactivated: 1 })
      const lines = readFileSync(report, 'utf8').trim().split('\n')
      const [row, told] = lines.map((line) => JSON.parse(line))
      assert.deepEqual([lines.length, row.row, row.outcome], [2, 2, 'unchanged'])
      const { id, ...rest } = told
      assert.ok((await desk.users(institution)).some(({ _id }) => _id === id))
      assert.deepEqual(rest, {
        row: null,
        outcome: 'deactivated',
        matched_on: null,
        problems: [
          {
            code: 'missing_from_file',
            message: 'missing from this file: to keep the person, empty the cell "outcome" and send this row with the file',
          },
        ],
        person: { netid: '2', email: 'n2@uni.edu', first_name: 'Ana', last_name: 'Ode2', account_type: 'Student' },
      })
      assert.deepEqual(await inactive(institution), [])
    })

    it('comes back as a report with those who are missing behind its rows, who stay out unless their outcome is emptied', async () => {
      const institution = await roster(2)
      await send(institution, [1, 2, 3])
      await send(institution, [1])
      const report = join(desk.folder, 'roster.csv')
      await send(institution, [1], '--report', report)
      const told = readFileSync(report, 'utf8').trim().split('\r\n')
      assert.match(told[1] as string, /^unchanged,,,1,n1@uni.edu,/)
      assert.match(
        told[2] as string,
        /^deactivated,missing_from_file,"missing from 2 files in a row: .*",2,n2@uni.edu,Ana,Ode2,Student$/,
      )
      assert.equal(told.length, 4)
      const again = await desk.imported(institution, told)
      assert.deepEqual([again.summary.rows, await inactive(institution)], [1, [2, 3]])
      await desk.imported(
        institution,
        told.map((line) => line.replace(/^deactivated(,.*,2,n2@)/, '$1')),
      )
      assert.deepEqual(await inactive(institution), [3])
    })

    it('does not count who has a row that is refused', async () => {
      const institution = await roster(1)
      await send(institution, [1, 2, 3])
      const bad = ['2,n2@uni.edu,Ana,Ode,Pilot', ',N3@UNI.EDU,"",,Pilot']
      const { summary } = await desk.imported(institution, [HEADER, rowOf(1), ...bad])
      assert.deepEqual([summary.counts.invalid, summary.missing], [2, { people: 0, deactivated: 0 }])
    })

    for (const [why, line] of [
      ['a row does not let see whom it is about', '1.23E+14,,Ana,Ode,Student'],
      ['a row has no key', ',,Ana,Ode,Student'],
      ['a row has an address that is none', ',"n2@uni,edu",Ana,Ode,Student'],
      ['a row has a key that is to be cleared', '[[CLEAR]],,Ana,Ode,Student'],
      ['a row has slipped', '9,n9@uni.edu,Ana,Ode,Student,Jr.'],
      ['a quotation mark swallows the rest', '9,n9@uni.edu,"Ana,Ode,Student'],
    ] as const) {
      it(`counts nobody as missing while ${why}`, async () => {
        const institution = await roster(1)
        await send(institution, [1, 2])
        const { summary } = await desk.imported(institution, [HEADER, rowOf(1), line])
        assert.deepEqual([summary.missing, await inactive(institution)], [null, []])
        assert.match(summary.notices.join(), /nobody counts as missing from this file: row 3 does not let see/)
      })
    }

    it('counts nobody as missing when it was cut', async () => {
      const institution = await roster(1)
      const all = Array.from({ length: 25 }, (_, n) => n)
      await send(institution, all)
      const { summary } = await desk.imported(institution, [HEADER, ...all.slice(0, 23).map(rowOf), '23,n23@uni'])
      assert.deepEqual([summary.counts.invalid, summary.problems, summary.missing], [1, { row_cut: 1 }, null])
    })

    it('counts nobody as missing when it is empty', async () => {
      const institution = await roster(1)
      await send(institution, [1, 2])
      const { summary } = await send(institution, [])
      assert.deepEqual([summary.missing, await inactive(institution)], [null, []])
    })

    it('is held when it is cut, and when too many have been missing too often', async () => {
      const institution = await roster(2)
      const all = Array.from({ length: 30 }, (_, n) => n)
      await send(institution, all)
      const cut = await send(institution, all.slice(0, 15))
      assert.deepEqual([cut.code, cut.summary.reason, missing(cut)], [3, 'shrunk', { people: 15, deactivated: 0 }])
      assert.match(cut.summary.message, /15 of 30 people \(50 %\) of this source are missing from the file.*Nothing was changed/)
      const fewer = await send(institution, all.slice(0, 20))
      assert.deepEqual([fewer.code, missing(fewer)], [0, { people: 10, deactivated: 0 }])
      const again = await send(institution, all.slice(0, 20))
      assert.deepEqual([again.code, again.summary.reason], [3, 'too_many_deactivated'])
      assert.match(
        again.summary.message,
        /10 of 30 people \(33 %\) would be deactivated, 10 of them for being missing from the file/,
      )
      assert.deepEqual(await inactive(institution), [])
      await send(institution, all.slice(0, 20), '--approve')
      assert.equal((await inactive(institution)).length, 10)
    })

    it('that is held is superseded by one of another day that was processed', async () => {
      const source = { pattern: 'sis-*.csv', name: 'sis', mode: 'roster' as const }
      const institution = await desk.institution({ files: { sources: [source] } })
      for (const [day, people] of [
        ['24', 30],
        ['25', 5],
        ['26', 29],
      ] as const) {
        const rows = Array.from({ length: people }, (_, n) => rowOf(n))
        await desk.matricula(
          'import',
          desk.write(`sis-2026-11-${day}.csv`, [HEADER, ...rows].join('\n')),
          '--institution',
          institution,
        )
      }
      const { out } = await desk.matricula('files', 'list', '--institution', institution, '--json')
      const states = (JSON.parse(out[0] as string) as { state: string }[]).map(({ state }) => state)
      assert.deepEqual(states, ['processed', 'superseded', 'processed'])
    })

    it('touches nobody whom others have brought, and takes in whom its source brought in another mode', async () => {
      const institution = await desk.institution()
      await using store = await at.open()
      const north = await getInstitution(store, institution)
      assert.ok(north)
      await apply(store, north, [
        aChange({ netid: '7', email: 'n7@uni.edu', first: 'Bo', last: 'Ash' }, { source: 'api' }),
        aChange({ netid: '8', email: 'n8@uni.edu', first: 'Bo', last: 'Elm' }, { source: 'file:sis' }),
      ])
      const settings = desk.write(
        'settings.json',
        JSON.stringify({ files: { sources: [{ pattern: 'people.csv', name: 'sis', mode: 'roster', deactivateAfter: 2 }] } }),
      )
      assert.equal((await desk.matricula('institution', 'set', institution, '--settings', settings)).code, 0)
      for (const _ of ['first', 'second']) assert.equal(missing(await send(institution, [1]))?.people, 1)
      assert.deepEqual(await inactive(institution), [8])
    })

    it('deactivates nobody who is on another roster, and takes in whom another one has let go', async () => {
      const one = (name: string) => ({ pattern: `${name}.csv`, name, mode: 'roster' as const, deactivateAfter: 1 })
      const institution = await desk.institution({ files: { sources: [one('students'), one('staff')] } })
      const report = join(desk.folder, 'moved.csv')
      const rosterOf = async (source: string, ...numbers: readonly number[]) => {
        const file = desk.write(`${source}.csv`, [HEADER, ...numbers.map(rowOf)].join('\n'))
        const { code, said } = await desk.matricula('import', file, '--institution', institution, '--report', report)
        assert.equal(code, 0, said)
        return await inactive(institution)
      }
      await rosterOf('students', 1, 2, 3)
      await rosterOf('staff', 2, 9)
      assert.deepEqual(await rosterOf('students', 1), [3])
      assert.match(
        readFileSync(report, 'utf8'),
        /missing from this file, but stays active: the person is on the roster of file:staff/,
      )
      assert.deepEqual(await rosterOf('staff', 3, 9), [2])
      assert.deepEqual(await rosterOf('students', 1), [2])
      assert.deepEqual(await rosterOf('students', 1, 2), [])
    })

    it('leaves active whom a higher-ranked source keeps, and inactive whom another one has turned inactive', async () => {
      const ranked = await roster(1, { authority: { active: ['scim', 'file'] } })
      await send(ranked, [1, 2])
      await using store = await at.open()
      const institution = await getInstitution(store, ranked)
      assert.ok(institution)
      await apply(store, institution, [aChange({ netid: '2', active: false }, { source: 'scim' })])
      await apply(store, institution, [aChange({ netid: '2', active: true }, { source: 'scim' })])
      const report = join(desk.folder, 'kept.csv')
      assert.deepEqual(missing(await send(ranked, [1], '--report', report)), { people: 1, deactivated: 0 })
      assert.match(
        readFileSync(report, 'utf8'),
        /\r\nmissing,missing_from_file; withheld,"missing from this file, but stays active; another source has the say over account_status"/,
      )

      const plain = await getInstitution(store, await roster(1))
      assert.ok(plain)
      await send(plain._id, [1, 2])
      await apply(store, plain, [aChange({ netid: '2', active: false }, { source: 'scim' })])
      await send(plain._id, [1])
      await send(plain._id, [1, 2])
      assert.deepEqual(await inactive(plain._id), [2])
    })
  })
})

function missing({ summary }: { readonly summary: Summary }) {
  return summary.missing
}

function rowOf(number: number): string {
  return `${number},n${number}@uni.edu,Ana,Ode${number},Student`
}
