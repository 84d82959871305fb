import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SaxesParser } from 'saxes'
import type { CheckResult } from './check.ts'
import { sayJunit } from './junit.ts'

const passed: CheckResult = {
  id: 'rfc/delete',
  dialect: 'rfc',
  clause: 'RFC 7644 3.6',
  level: 'must',
  what: 'a deleted resource is 404 to everything',
  verdict: 'passed',
  faults: [],
  tookMs: 1500,
}
const failed: CheckResult = {
  ...passed,
  id: 'rfc/deleted-name-free',
  level: 'should',
  verdict: 'failed',
  faults: [
    { step: '2 POST /Users', where: 'status', expected: '201', got: '409 "<taken> & gone" \u0000\uD800' },
    { step: '2 POST /Users', where: '/id', expected: 'a value', got: 'nothing' },
  ],
}
const missing: CheckResult = { ...passed, id: 'okta/group-put', dialect: 'okta', verdict: 'not offered', reason: 'no groups' }

type Element = { readonly name: string; readonly attributes: Readonly<Record<string, string>> }

/** @throws {Error} when it is no well-formed XML */
function elementsOf(xml: string): Element[] {
  const elements: Element[] = []
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => void elements.push({ name, attributes }))
  parser.write(xml).close()
  return elements
}

describe('a report in JUnit XML', () => {
  const elements = elementsOf(sayJunit('http://x/?a=1&b=2', [passed, failed, missing]))
  const named = (name: string) => elements.filter((element) => element.name === name).map(({ attributes }) => attributes)

  it('counts all checks, and those of each section and client', () => {
    const [all] = named('testsuites')
    assert.deepEqual([all?.tests, all?.failures, all?.skipped, all?.time], ['3', '1', '1', '4.500'])
    assert.deepEqual(
      named('testsuite').map(({ name, tests }) => [name, tests]),
      [
        ['rfc: RFC 7644 3.6, deleting', '2'],
        ['okta: Okta: its pre-flight test, and what its custom and gallery applications send', '1'],
      ],
    )
  })

  it('has a case for each check, with its section', () => {
    assert.deepEqual(
      named('testcase').map(({ classname, name }) => [classname, name?.split(':')[0]]),
      [
        ['rfc', 'rfc/delete (RFC 7644 3.6)'],
        ['rfc', 'rfc/deleted-name-free (RFC 7644 3.6)'],
        ['okta', 'okta/group-put (RFC 7644 3.6)'],
      ],
    )
  })

  it('says of a failure its level and what came, whatever that holds', () => {
    const [failure] = named('failure')
    assert.equal(failure?.type, 'SHOULD')
    assert.match(failure?.message ?? '', /expected 201, got 409 "<taken> & gone"/)
  })

  it('skips what is not offered, with the reason', () => {
    assert.deepEqual(
      named('skipped').map(({ message }) => message),
      ['no groups'],
    )
  })
})
