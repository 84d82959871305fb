/**
 * Questions to a server that is not ours: each is answered in time, or ends with the connection that they share.
 */
import type { Client } from 'ssh2'
import type { ConnectOptions } from './connect.ts'
import { ANSWER_MS } from './connect.ts'
import { PickUpFault } from './pick-up-fault.ts'

/** As ssh2 asks: whoever asks is told why there is no answer, or the answer. */
export type Question<T> = (done: (error: Error | null | undefined, answer?: T) => void) => void

export class Questions {
  readonly #client: Client
  readonly #host: string
  readonly #answerMs: number
  readonly #signal: AbortSignal
  readonly #waiting = new Set<(reason: unknown) => void>()
  #broken: unknown

  constructor(client: Client, host: string, { answerMs = ANSWER_MS, signal }: Pick<ConnectOptions, 'answerMs' | 'signal'>) {
    this.#client = client
    this.#host = host
    this.#answerMs = answerMs
    this.#signal = signal
    const aborted = () => this.breakOff(signal.reason)
    signal.addEventListener('abort', aborted)
    client.on('error', this.lost).on('end', this.lost)
    client.once('close', () => {
      signal.removeEventListener('abort', aborted)
      this.lost()
    })
  }

  /** One question, with its answer or why there is none. */
  ask<T>(question: Question<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== undefined) return reject(this.#broken)
      if (this.#signal.aborted) return reject(this.#signal.reason)
      const timer = setTimeout(this.#silent, this.#answerMs)
      const failed = (reason: unknown) => {
        clearTimeout(timer)
        reject(reason)
      }
      this.#waiting.add(failed)
      question((error, answer) => {
        clearTimeout(timer)
        if (!this.#waiting.delete(failed)) return
        if (error) reject(error)
        else resolve(answer as T)
      })
    })
  }

  /** Ends the connection: what waits and what is asked from now on is told the reason, which is the first one given. */
  breakOff(reason: unknown): void {
    this.#broken ??= reason
    for (const reject of this.#waiting) reject(this.#broken)
    this.#waiting.clear()
    this.#client.destroy()
  }

  readonly lost = (): void => this.breakOff(new PickUpFault('interrupted', `the connection to ${this.#host} broke`))

  readonly #silent = (): void => {
    const why = `${this.#host} did not answer within ${this.#answerMs / 1000} seconds`
    this.breakOff(new PickUpFault('too_slow', why))
  }
}
