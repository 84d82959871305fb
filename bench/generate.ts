/**
 * Runs the load generator in its own process and keeps the roll of people that it made.
 */
import { execFile } from 'node:child_process'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Job, Operation, Person, Result } from './load.ts'
import type { Server } from './servers.ts'

const LOAD = fileURLToPath(new URL('./load.ts', import.meta.url))
const MAX_OUTPUT_BYTES = 512 * 1024 * 1024

export type Load = {
  readonly operation: Operation
  readonly requests: number
  readonly seconds: number
  readonly connections?: number
  readonly rate?: number
}

/** One server with the people who are on it. */
export class Subject {
  readonly server: Server
  readonly #file: string
  #next = 1
  #isBegun = false

  /** @param folder for the list of people */
  constructor(server: Server, folder: string) {
    this.server = server
    this.#file = join(folder, `people-${server.name}.ndjson`)
  }

  /** Takes people as known who came there otherwise. @param next the number of the first one to create */
  async adopt(people: readonly Person[], next: number): Promise<void> {
    await this.#note(people)
    this.#next = next
  }

  run(load: Load): Promise<Result> {
    return this.start(load).result
  }

  /** A load that can be ended before its time, with the result as far as it came. */
  start({ operation, requests, seconds, connections = 16, rate }: Load): {
    readonly result: Promise<Result>
    readonly stop: () => void
  } {
    const { url, token } = this.server
    const job: Job = {
      url,
      token,
      operation,
      connections,
      requests,
      seconds,
      from: this.#next,
      ...(rate === undefined ? {} : { rate }),
      ...(operation === 'create' ? {} : { people: this.#file }),
    }
    const running = promisify(execFile)(process.execPath, [LOAD, JSON.stringify(job)], { maxBuffer: MAX_OUTPUT_BYTES })
    const result = running.then(async ({ stdout }) => {
      const told = JSON.parse(stdout) as Result
      await this.#note(told.made)
      return told
    })
    if (operation === 'create') this.#next += requests
    return { result, stop: () => running.child.kill('SIGTERM') }
  }

  async #note(people: readonly Person[]): Promise<void> {
    if (!this.#isBegun) await writeFile(this.#file, '')
    this.#isBegun = true
    await appendFile(this.#file, people.map((person) => `${JSON.stringify(person)}\n`).join(''))
  }
}
