/**
 * Results as JUnit XML, as build servers read it: a suite for each section or client, a case for each check.
 */
import type { CheckResult } from './check.ts'
import type { Fault } from './judge.ts'
import { count, headingOf } from './report.ts'

/** A whole document. What is not offered is skipped; a failure has the level as its type. */
export function sayJunit(server: string, results: readonly CheckResult[]): string {
  const suites = Map.groupBy(results, headingOf)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escaped(`SCIM conformance of ${server}`)}" ${totals(results)}>`,
    ...Array.from(suites, ([heading, inside]) => suite(heading, inside)),
    '</testsuites>\n',
  ].join('\n')
}

function suite(heading: string, results: readonly CheckResult[]): string {
  return [`  <testsuite name="${escaped(heading)}" ${totals(results)}>`, ...results.map(testCase), '  </testsuite>'].join('\n')
}

function totals(results: readonly CheckResult[]): string {
  const { failed, notOffered } = count(results)
  const tookMs = results.reduce((sum, result) => sum + result.tookMs, 0)
  return `tests="${results.length}" failures="${failed}" skipped="${notOffered}" errors="0" time="${seconds(tookMs)}"`
}

function testCase(result: CheckResult): string {
  const { id, dialect, clause, what, tookMs } = result
  const head = `    <testcase classname="${escaped(dialect)}" name="${escaped(`${id} (${clause}): ${what}`)}" time="${seconds(tookMs)}"`
  const inside = insideOf(result)
  return inside === undefined ? `${head}/>` : `${head}>\n      ${inside}\n    </testcase>`
}

function insideOf({ verdict, reason = '', faults, level }: CheckResult): string | undefined {
  if (verdict === 'passed') return undefined
  if (verdict === 'not offered') return `<skipped message="${escaped(reason)}"/>`
  const [first] = faults.map(sayFault)
  return `<failure type="${level.toUpperCase()}" message="${escaped(first ?? '')}">${escaped(faults.map(sayFault).join('\n'))}</failure>`
}

function sayFault({ step, where, expected, got }: Fault): string {
  return `${step}: ${where}: expected ${expected}, got ${got}`
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}

const ENTITIES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
}

/** What XML 1.0 cannot hold is left out: an answer may hold anything. */
function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be left out
  const clean = text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
  return clean.replace(/[&<>"\n]/g, (character) => ENTITIES[character] ?? character)
}
