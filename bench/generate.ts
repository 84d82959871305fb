/**
 * Runs the load generator in its own process and keeps the roll of people that it made.
 */
import { execFile } from 'node:child_process'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Job, Operation, Person, Result } from './load.ts'
import type { Server } from './servers.ts'

const LOAD = join(import.meta.dirname, 'load.ts')
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

  async run({ operation, requests, seconds, connections = 16, rate }: Load): Promise<Result> {
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
    const { stdout } = await promisify(execFile)(process.execPath, [LOAD, JSON.stringify(job)], { maxBuffer: MAX_OUTPUT_BYTES })
    const result = JSON.parse(stdout) as Result
    if (operation === 'create') {
      this.#next += requests
      await this.#note(result.made)
    }
    return result
  }

  async #note(people: readonly Person[]): Promise<void> {
    if (!this.#isBegun) await writeFile(this.#file, '')
    this.#isBegun = true
    await appendFile(this.#file, people.map((person) => `${JSON.stringify(person)}\n`).join(''))
  }
}
