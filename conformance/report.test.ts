import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CheckResult } from './check.ts'
import { count, headingOf, sayCounts, sayJson, TextReport } from './report.ts'

const passed: CheckResult = {
  id: 'entra/hard-delete',
  dialect: 'entra',
  clause: 'RFC 7644 3.6',
  level: 'must',
  what: 'a deleted user is gone',
  verdict: 'passed',
  faults: [],
  tookMs: 5,
}
const failed: CheckResult = {
  ...passed,
  why: 'it must be gone',
  source: 'the manual',
  verdict: 'failed',
  faults: [
    { step: '3 GET /Users/1', where: 'status', expected: '404', got: '200 {}' },
    { step: '3 GET /Users/1', where: '/status', expected: '"404"', got: 'nothing' },
  ],
}
const missing: CheckResult = { ...passed, dialect: 'rfc', id: 'rfc/bulk', verdict: 'not offered', reason: 'no bulk' }

describe('a report', () => {
  it('shows each check with its section, and of a failure the step, what was expected, what came, and the source', () => {
    const report = new TextReport(false)
    const text = [passed, failed, missing].map((result) => report.say(result)).join('\n')
    assert.match(text, /^entra: Microsoft Entra ID/)
    assert.match(text, /^ {2}ok {3}hard-delete +RFC 7644 3\.6 +MUST +a deleted user is gone$/m)
    assert.match(text, /^ {2}FAIL hard-delete/m)
    assert.match(
      text,
      /step 3 GET \/Users\/1\n +status: expected 404, got 200 \{\}\n +\/status: expected "404", got nothing\n +why: it must be gone\n +source: the manual$/m,
    )
    assert.match(text, /\n\nrfc: .*\n {2}-- {3}bulk .*\(no bulk\)$/)
  })

  it('has colours only where they are wanted', () => {
    const esc = String.fromCharCode(27)
    assert.ok(new TextReport(true).say(failed).includes(esc))
    assert.ok(!new TextReport(false).say(failed).includes(esc))
  })

  it('counts what passed, failed and is not offered, and what of the failures is a MUST', () => {
    assert.equal(sayCounts(count([passed, missing, missing])), '1 passed, 0 failed, 2 not offered')
    const should = { ...failed, level: 'should' } as const
    assert.equal(
      sayCounts(count([passed, failed, should, failed])),
      '1 passed, 3 failed, 0 not offered\nof what failed: 2 a server MUST do, 1 it SHOULD do',
    )
  })

  it('gathers checks of the RFCs by section, whatever their order', () => {
    const headings = ['RFC 7644 3.5.2.1', 'RFC 7644 3.5.2', 'RFC 7644 3.6'].map((clause) => headingOf({ dialect: 'rfc', clause }))
    assert.deepEqual(headings, [headings[1], 'rfc: RFC 7644 3.5.2, modifying with PATCH', 'rfc: RFC 7644 3.6, deleting'])
  })

  it('is one JSON document for machines', () => {
    const { server, counts, checks } = JSON.parse(sayJson('http://x', [passed, failed]))
    assert.deepEqual(
      [server, counts, checks.length],
      ['http://x', { passed: 1, failed: 1, notOffered: 0, failedMust: 1, failedShould: 0 }, 2],
    )
  })
})
