/**
 * What waits for the reader thread: one question after the other, each with a deadline from when its turn comes.
 */
import { StoreError } from '../store.ts'
import type { ReaderReply, ReaderRequest } from './reader.ts'
import type { Answers, Question } from './reading.ts'
import { Thread } from './thread.ts'

/** The thread itself ends a statement that is too slow; one in which it cannot is ended with it. */
const GRACE_MS = 2000

export class Scans {
  readonly #thread: Thread<ReaderRequest, ReaderReply>
  readonly #deadlineMs: number
  readonly #stop = new Int32Array(new SharedArrayBuffer(4))
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string, deadlineMs: number) {
    this.#thread = new Thread('reader', { path, stop: this.#stop })
    this.#deadlineMs = deadlineMs
  }

  ask(question: Question): Promise<Answers> {
    const asked = Date.now()
    const answer = this.#last.then(() => this.#answer(question, asked))
    this.#last = answer.catch(() => undefined)
    return answer
  }

  async close(): Promise<void> {
    Atomics.store(this.#stop, 0, 1)
    await this.#thread.stop(closing())
  }

  async #answer(question: Question, asked: number): Promise<Answers> {
    if (Atomics.load(this.#stop, 0) !== 0) throw closing()
    if (Date.now() - asked > this.#deadlineMs)
      throw new StoreError('unavailable', 'other questions kept the store busy; try again')
    const timer = setTimeout(() => this.#end(), this.#deadlineMs + GRACE_MS)
    try {
      const reply = await this.#thread.ask({ question, deadlineMs: this.#deadlineMs })
      if (reply === 'ready') throw new Error('the reader thread answered out of turn')
      if ('fault' in reply) throw new StoreError(reply.fault, reply.message)
      return reply
    } finally {
      clearTimeout(timer)
    }
  }

  #end(): void {
    void this.#thread.stop(new StoreError('tooSlow', `the question took longer than ${this.#deadlineMs / 1000} s`))
  }
}

function closing(): StoreError {
  return new StoreError('unavailable', 'the store is closing')
}
