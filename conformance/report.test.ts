import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CheckResult } from './check.ts'
import { count, sayCounts, sayJson, TextReport } from './report.ts'

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
    assert.match(text, /^ {2}ok {3}hard-delete +RFC 7644 3\.6 +a deleted user is gone$/m)
    assert.match(text, /^ {2}FAIL hard-delete/m)
    assert.match(
      text,
      /step 3 GET \/Users\/1\n +status: expected 404, got 200 \{\}\n +\/status: expected "404", got nothing\n +source: the manual$/m,
    )
    assert.match(text, /\n\nrfc: .*\n {2}-- {3}bulk .*\(no bulk\)$/)
  })

  it('has colours only where they are wanted', () => {
    const esc = String.fromCharCode(27)
    assert.ok(new TextReport(true).say(failed).includes(esc))
    assert.ok(!new TextReport(false).say(failed).includes(esc))
  })

  it('counts what passed, failed and is not offered', () => {
    assert.equal(sayCounts(count([passed, failed, missing, missing])), '1 passed, 1 failed, 2 not offered')
  })

  it('is one JSON document for machines', () => {
    const { server, counts, checks } = JSON.parse(sayJson('http://x', [passed, failed]))
    assert.deepEqual([server, counts, checks.length], ['http://x', { passed: 1, failed: 1, notOffered: 0 }, 2])
  })
})
