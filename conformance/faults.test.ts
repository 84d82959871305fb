/**
 * The suite finds what is wrong: a server without faults, with one planted after the other.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Server } from '../test/server.ts'
import type { CheckResult } from './check.ts'
import { BULK_FAULTS } from './faults/bulk.ts'
import { CHANGE_FAULTS } from './faults/changes.ts'
import { CURSOR_FAULTS } from './faults/cursors.ts'
import { DISCOVERY_FAULTS } from './faults/discovery.ts'
import type { Fault } from './faults/fault.ts'
import { faulty } from './faults/fault.ts'
import { GROUP_FAULTS } from './faults/groups.ts'
import { LIST_FAULTS } from './faults/lists.ts'
import { PROTOCOL_FAULTS } from './faults/protocol.ts'
import { RESOURCE_FAULTS } from './faults/resources.ts'
import { runConformance } from './run.ts'

const FAULTS: readonly Fault[] = [
  ...DISCOVERY_FAULTS,
  ...RESOURCE_FAULTS,
  ...LIST_FAULTS,
  ...CHANGE_FAULTS,
  ...GROUP_FAULTS,
  ...BULK_FAULTS,
  ...CURSOR_FAULTS,
  ...PROTOCOL_FAULTS,
]

describe('the suite against a server with a fault', { concurrency: 4 }, () => {
  let server: Server
  before(async () => {
    server = await Server.start()
    // Somebody whom the suite did not make.
    await server.request('POST', '/Users', { userName: 'resident@campus.example' })
  })
  after(() => server[Symbol.asyncDispose]())

  async function run(only: readonly string[], fault?: Fault): Promise<CheckResult[]> {
    const { scim: url, token } = server
    const results: CheckResult[] = []
    const send = fault === undefined ? fetch : faulty(fault, url)
    for await (const result of runConformance({ url, token, only, width: 8, fetch: send })) results.push(result)
    return results.filter(({ id }) => only.includes(id))
  }

  it('fails none of the checks that faults are caught by where there is no fault', async () => {
    const ids = [...new Set(FAULTS.flatMap(({ caughtBy }) => caughtBy))]
    const results = await run(ids)
    assert.deepEqual(results.map(({ id }) => id).toSorted(), ids.toSorted())
    const notPassed = results.filter(({ verdict }) => verdict !== 'passed')
    assert.deepEqual(
      notPassed.map(({ id, reason, faults }) => ({ id, reason, faults })),
      [],
    )
  })

  for (const fault of FAULTS) {
    it(`that ${fault.name} fails ${fault.caughtBy.join(' and ')}`, async () => {
      const results = await run(fault.caughtBy, fault)
      assert.deepEqual(
        results.map(({ id, verdict }) => `${id} ${verdict}`).toSorted(),
        fault.caughtBy.map((id) => `${id} failed`).toSorted(),
      )
    })
  }
})
