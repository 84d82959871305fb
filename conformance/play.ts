/**
 * Talks with a server about one subject: each step is sent, judged, and what it saves is kept for the next.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Dialogue, Expectation, Step } from './dialogue.ts'
import type { Answer, Request, Target } from './exchange.ts'
import { exchange } from './exchange.ts'
import type { Json, JsonObject } from './json.ts'
import { at, shorten } from './json.ts'
import type { Difference, Fault } from './judge.ts'
import { judge } from './judge.ts'
import { Made } from './made.ts'
import { MESSAGES } from './urns.ts'
import type { Variables } from './variables.ts'
import { fill, textOf, textsOf } from './variables.ts'
import { creation } from './written.ts'

export type Played = {
  /** What went wrong: nothing when the check passed. */
  readonly faults: readonly Fault[]
  /** Why the server does not do this at all, where it says so. */
  readonly notOffered?: string
}

/** The steps behind it would mean nothing. */
class Over extends Error {
  override name = 'Over'
}

/** The server says that it does not do this. */
class NotOffered extends Error {
  override name = 'NotOffered'
}

export function play(dialogue: Dialogue, target: Target): Promise<Played> {
  return converse(target, async (talk) => {
    for (const step of dialogue.steps) await talk.step({ ...step, headers: { ...dialogue.headers, ...step.headers } })
  })
}

/** Holds a talk. What was made on the server in its course is deleted again. */
export async function converse(target: Target, run: (talk: Talk) => Promise<void>): Promise<Played> {
  const made = new Made()
  const talk = new Talk(target, made)
  let notOffered: string | undefined
  try {
    await run(talk)
  } catch (error) {
    if (error instanceof NotOffered) notOffered = error.message
    else if (!(error instanceof Over)) throw error
  }
  const left = await made.remove(target)
  const faults = [...talk.faults, ...left.map(sayLeft)]
  return notOffered === undefined ? { faults } : { faults, notOffered }
}

function sayLeft(got: string): Fault {
  return { step: 'clean up', where: 'DELETE', expected: 'what the check made is gone', got }
}

/** A finding is fatal when the steps behind it would mean nothing. */
type Finding = Difference & { readonly isFatal?: true }

export class Talk {
  readonly faults: Fault[] = []
  readonly #target: Target
  readonly #made: Made
  readonly #variables: Map<string, Json>
  /** Begins the names of what is made in this talk. */
  readonly rand: string
  #steps = 0
  #label = ''

  constructor(target: Target, made: Made) {
    this.#target = target
    this.#made = made
    this.rand = `${target.mark}${randomBytes(3).toString('hex')}`
    this.#variables = new Map<string, Json>([
      ['rand', this.rand],
      ['uuid', randomUUID()],
      ['base', target.base],
    ])
  }

  /** Where the server is. */
  get base(): string {
    return this.#target.base
  }

  /** The text with its variables in place. */
  text(text: string): string {
    return textOf(text, this.#variables)
  }

  /** Creates a user or a group and resolves to its id. */
  async create(type: 'User' | 'Group', variable: string, attributes: JsonObject = {}): Promise<string> {
    await this.step(creation(type, variable, attributes))
    return this.text(`\${${variable}}`)
  }

  /** GET of what must be there. */
  get(path: string, expect: Partial<Expectation> = {}): Promise<Answer> {
    return this.step({ method: 'GET', path, expect: { status: 200, ...expect } })
  }

  /** A PATCH, which may be answered without a body. */
  patch(path: string, operations: readonly JsonObject[], expect: Partial<Expectation> = {}): Promise<Answer> {
    const body = { schemas: [MESSAGES.patch], Operations: operations }
    return this.step({ method: 'PATCH', path, body, expect: { status: [200, 204], ...expect } })
  }

  /**
   * Sends all copies of a step at once, and keeps what it saves. Resolves to the first answer that is a success, else
   * the first. The talk ends with a wrong status, without an answer, or without a value to save.
   */
  async step(step: Step): Promise<Answer> {
    this.#steps += 1
    this.#label = `${this.#steps} ${step.method} ${this.text(step.path)}`
    const { answers, silences } = await this.#sendAll(step)
    this.#tell(silences)
    const answer = answers.find(({ status }) => status < 300) ?? answers[0]
    if (answer === undefined) throw new Over()
    const expect = fillExpectation(step.expect, this.#variables)
    if (expect.unless?.includes(answer.status)) throw new NotOffered(`${step.method} ${step.path} is answered ${answer.status}`)
    this.#tell([...answers.flatMap((one) => judge(one, expect)).map(withWeight), ...judgeCounts(answers, expect)])
    this.#tell(this.#save(step, answer))
    return answer
  }

  /** Notes what is wrong with the answer to the last step. */
  expect(isRight: boolean, where: string, expected: string, got: string): void {
    if (!isRight) this.#tell([{ where, expected, got: shorten(got, 300) }])
  }

  /** Ends the talk: the server does not do this. */
  notOffered(reason: string): never {
    throw new NotOffered(reason)
  }

  async #sendAll(step: Step): Promise<{ answers: Answer[]; silences: Finding[] }> {
    const copies = Array.from({ length: step.times ?? 1 }, (_, index) => new Map([...this.#variables, ['n', index + 1] as const]))
    const answers: Answer[] = []
    const silences: Finding[] = []
    await Promise.all(
      copies.map(async (own) => {
        const request = requestOf(step, own)
        const answer = await exchange(this.#target, request)
        if ('silence' in answer)
          return silences.push({ where: 'answer', expected: 'an answer', got: answer.silence, isFatal: true })
        this.#made.note(request, answer)
        return answers.push(answer)
      }),
    )
    return { answers, silences }
  }

  #tell(findings: readonly Finding[]): void {
    const step = this.#label
    this.faults.push(...findings.map(({ where, expected, got }) => ({ step, where, expected, got })))
    if (findings.some(({ isFatal }) => isFatal)) throw new Over()
  }

  #save({ save: wanted = {} }: Step, answer: Answer): Finding[] {
    const findings: Finding[] = []
    for (const [name, where] of Object.entries(wanted)) {
      const places = [where].flat()
      const found = places.map((place) => placeOf(answer, place)).find((value) => value !== undefined && value !== null)
      if (found !== undefined && found !== null) this.#variables.set(name, found)
      else
        findings.push({
          where: places.join(' or '),
          expected: `a value for ${name}`,
          got: shorten(answer.text, 200),
          isFatal: true,
        })
    }
    return findings
  }
}

/** After a wrong status the server is in another state than the next steps suppose. */
function withWeight(finding: Difference): Finding {
  return finding.where === 'status' ? { ...finding, isFatal: true } : finding
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

function placeOf(answer: Answer, place: string): Json | undefined {
  if (place.startsWith('header:')) return answer.headers.get(place.slice('header:'.length)) ?? undefined
  return at(answer.json, place)
}
