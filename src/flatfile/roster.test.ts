import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aChange, anInstitution } from '../../test/builders.ts'
import { temporaryFile } from '../../test/stores.ts'
import { apply } from '../directory/apply.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Attendance } from './attendance.ts'
import { readLines } from './lines.ts'
import type { PlannedMissing } from './missing.ts'
import type { Progress } from './progress.ts'
import { carryOutMissing, planMissing } from './roster.ts'

const NOBODY = { has: () => false } as unknown as Attendance

describe('who is missing from a roster', () => {
  it('is told as it came true, where somebody was changed between the plan and its doing', async () => {
    await using store = await openSqlite({ path: temporaryFile('roster.db') })
    const institution = anInstitution()
    await apply(
      store,
      institution,
      ['a', 'b'].map((netid) => aChange({ netid }, { source: 'file:sis' })),
    )
    const steps: Progress[] = []
    const onProgress = (progress: Progress) => void steps.push(progress)
    const file = { source: 'file:sis', mode: 'roster', constants: {}, deactivateAfter: 1 } as const
    const options = { store, institution, file, run: 'run-1', now: Date.now, onProgress }
    const [plan, path] = [temporaryFile('plan.ndjson'), temporaryFile('done.ndjson')]
    const planned = await planMissing({ ...options, attendance: NOBODY, path: plan })
    assert.deepEqual({ ...planned }, { people: 2, deactivated: 2, of: 2, fresh: 2 })
    assert.deepEqual(steps, [{ step: 'comparing', rows: 2 }])

    await apply(store, institution, [aChange({ netid: 'a', active: false }, { source: 'admin' })])
    assert.partialDeepStrictEqual(await carryOutMissing({ ...options, plan, path }), { people: 2, deactivated: 1 })
    const told: (readonly [string | undefined, string])[] = []
    for await (const lines of readLines<PlannedMissing>(path))
      told.push(...lines.map(({ person, outcome }) => [person.netid, outcome] as const))
    assert.deepEqual(told.toSorted(), [
      ['a', 'missing'],
      ['b', 'deactivated'],
    ])

    const again = await carryOutMissing({ ...options, plan, path: temporaryFile('again.ndjson') })
    assert.partialDeepStrictEqual(again, { people: 2 })
    const next = await planMissing({ ...options, run: 'run-2', attendance: NOBODY, path: temporaryFile('next.ndjson') })
    assert.deepEqual({ ...next }, { people: 0, deactivated: 0, of: 0, fresh: 0 })
  })
})
