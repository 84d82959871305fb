/**
 * Holds an answer against what a step expects of it.
 */
import type { Expectation } from './dialogue.ts'
import type { Answer } from './exchange.ts'
import { at, isAbsent, shorten, show } from './json.ts'
import { mismatch } from './matchers.ts'

/** One difference: where in which step, what was expected there and what came. */
export type Fault = { readonly step: string; readonly where: string; readonly expected: string; readonly got: string }

export type Difference = Omit<Fault, 'step'>

/** What the answer has against it. A wrong status comes alone: the rest of such an answer means something else. */
export function judge(answer: Answer, expect: Expectation): Difference[] {
  const statuses = [expect.status].flat()
  if (!statuses.includes(answer.status)) {
    return [{ where: 'status', expected: statuses.join(' or '), got: `${answer.status} ${shorten(answer.text, 200)}`.trim() }]
  }
  const body = expect.ifBody && answer.text.trim() === '' ? [] : judgeBody(answer, expect)
  return [...judgeHeaders(answer, expect), ...body]
}

function judgeHeaders(answer: Answer, { headers = {} }: Expectation): Difference[] {
  return Object.entries(headers).flatMap(([name, pattern]) => {
    const got = answer.headers.get(name) ?? undefined
    const isRight = got !== undefined && new RegExp(pattern, 'i').test(got)
    return isRight ? [] : [{ where: `header ${name}`, expected: `/${pattern}/`, got: show(got) }]
  })
}

function judgeBody(answer: Answer, { json = {}, absent = [], matches = {} }: Expectation): Difference[] {
  const differences: Difference[] = []
  for (const [where, wanted] of Object.entries(json)) {
    const got = at(answer.json, where)
    const expected = mismatch(got, wanted)
    if (expected !== undefined) differences.push({ where, expected, got: show(got) })
  }
  for (const where of absent) {
    const got = at(answer.json, where)
    // Nothing of nothing is absent: an answer that is no JSON object must not pass for that.
    if (answer.json === undefined || !isAbsent(got))
      differences.push({ where, expected: 'nothing', got: show(got ?? answer.text) })
  }
  for (const [where, pattern] of Object.entries(matches)) {
    const got = at(answer.json, where)
    const isRight = typeof got === 'string' && new RegExp(pattern).test(got)
    if (!isRight) differences.push({ where, expected: `/${pattern}/`, got: show(got) })
  }
  return differences
}
