/**
 * Plays one dialogue against a server: each step is sent, judged, and what it saves is kept for the next.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Dialogue, Expectation, Step } from './dialogue.ts'
import type { Answer, Request, Target } from './exchange.ts'
import { exchange } from './exchange.ts'
import type { Json } from './json.ts'
import { at, shorten } from './json.ts'
import type { Difference, Fault } from './judge.ts'
import { judge } from './judge.ts'
import { Made } from './made.ts'
import type { Variables } from './variables.ts'
import { fill, textOf, textsOf } from './variables.ts'

/** A fault without its step; `isFatal` when the steps behind it would mean nothing. */
type Finding = Difference & { readonly isFatal?: true }

/** Resolves to what went wrong, nothing when the dialogue passed. What it made on the server is deleted again. */
export async function play(dialogue: Dialogue, target: Target): Promise<Fault[]> {
  const made = new Made()
  const faults = await playSteps(dialogue, target, made)
  const left = await made.remove(target)
  return [
    ...faults,
    ...left.map((text) => ({ step: 'clean up', where: 'DELETE', expected: 'what the dialogue made is gone', got: text })),
  ]
}

async function playSteps(dialogue: Dialogue, target: Target, made: Made): Promise<Fault[]> {
  const variables = new Map<string, Json>([
    ['rand', `r${randomBytes(5).toString('hex')}`],
    ['uuid', randomUUID()],
    ['base', target.base],
  ])
  const faults: Fault[] = []
  for (const [index, step] of dialogue.steps.entries()) {
    const label = `${index + 1} ${step.method} ${textOf(step.path, variables)}`
    const findings = await playStep({ ...step, headers: { ...dialogue.headers, ...step.headers } }, target, variables, made)
    faults.push(...findings.map(({ where, expected, got }) => ({ step: label, where, expected, got })))
    if (findings.some(({ isFatal }) => isFatal)) break
  }
  return faults
}

/** Sends all copies of the step at once; adds what it saves to the variables. */
async function playStep(step: Step, target: Target, variables: Map<string, Json>, made: Made): Promise<Finding[]> {
  const copies = Array.from({ length: step.times ?? 1 }, (_, index) => new Map([...variables, ['n', index + 1] as const]))
  const answers: Answer[] = []
  const silences: Finding[] = []
  await Promise.all(
    copies.map(async (own) => {
      const request = requestOf(step, own)
      const answer = await exchange(target, request)
      if ('silence' in answer)
        return silences.push({ where: 'answer', expected: 'an answer', got: answer.silence, isFatal: true })
      made.note(request, answer)
      return answers.push(answer)
    }),
  )
  if (silences.length > 0) return silences
  const expect = fillExpectation(step.expect, variables)
  const findings: Finding[] = answers.flatMap((answer) => judge(answer, expect))
  // After a wrong status the server is in another state than the next steps suppose.
  const judged = findings.map((finding): Finding => (finding.where === 'status' ? { ...finding, isFatal: true } : finding))
  return [...judged, ...judgeCounts(answers, expect), ...save(step, answers, variables)]
}

function requestOf({ method, path, here, encode, auth, headers = {}, body }: Step, variables: Variables): Request {
  return {
    method,
    path: textOf(path, variables),
    headers: textsOf(headers, variables),
    ...(here === undefined ? {} : { here }),
    ...(encode === undefined ? {} : { encode }),
    ...(auth === undefined ? {} : { auth }),
    ...(body === undefined ? {} : { body: fill(body, variables) }),
  }
}

function fillExpectation(expect: Expectation, variables: Variables): Expectation {
  const filledJson = Object.entries(expect.json ?? {}).map(([pointer, wanted]) => [
    textOf(pointer, variables),
    fill(wanted, variables),
  ])
  return {
    ...expect,
    json: Object.fromEntries(filledJson) as { [pointer: string]: Json },
    absent: (expect.absent ?? []).map((pointer) => textOf(pointer, variables)),
    headers: textsOf(expect.headers ?? {}, variables),
    matches: textsOf(expect.matches ?? {}, variables),
  }
}

function judgeCounts(answers: readonly Answer[], { counts = {} }: Expectation): Finding[] {
  return Object.entries(counts).flatMap(([status, wanted]) => {
    const got = answers.filter((answer) => answer.status === Number(status)).length
    const statuses = answers.map((answer) => answer.status).join(' ')
    return got === wanted ? [] : [{ where: `answers with ${status}`, expected: String(wanted), got: `${got} (${statuses})` }]
  })
}

function save({ save: wanted = {} }: Step, answers: readonly Answer[], variables: Map<string, Json>): Finding[] {
  const answer = answers.find(({ status }) => status < 300) ?? answers[0]
  const findings: Finding[] = []
  for (const [name, where] of Object.entries(wanted)) {
    const places = [where].flat()
    const found = places.map((place) => placeOf(answer, place)).find((value) => value !== undefined && value !== null)
    if (found !== undefined && found !== null) variables.set(name, found)
    else
      findings.push({
        where: places.join(' or '),
        expected: `a value for ${name}`,
        got: shorten(answer?.text ?? '', 200),
        isFatal: true,
      })
  }
  return findings
}

function placeOf(answer: Answer | undefined, place: string): Json | undefined {
  if (place.startsWith('header:')) return answer?.headers.get(place.slice('header:'.length)) ?? undefined
  return at(answer?.json, place)
}
