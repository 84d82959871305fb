/**
 * One thread beside this one, which answers in the order in which it is asked: started when first needed, started again
 * when it died.
 */
import { Worker } from 'node:worker_threads'
import { StoreError } from '../store.ts'
import type { Fault } from './faults.ts'

type Waiting<Reply> = { readonly resolve: (reply: Reply) => void; readonly reject: (error: Error) => void }

export class Thread<Request, Reply> {
  readonly #module: string
  readonly #data: unknown
  #worker: Worker | undefined
  readonly #waiting: Waiting<Reply>[] = []

  /** @param module name of the file beside this one, without its ending, which is `.js` once compiled */
  constructor(module: string, data: unknown) {
    this.#module = module
    this.#data = data
  }

  /** Resolves when the thread is ready for questions; rejects with its fault. */
  async start(): Promise<void> {
    if (this.#worker !== undefined) return
    const url = new URL(`./${this.#module}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
    const worker = new Worker(url, { workerData: this.#data, name: this.#module })
    this.#worker = worker
    worker.on('message', (reply: Reply) => this.#waiting.shift()?.resolve(reply))
    worker.on('error', (error) => this.#lost(worker, error))
    worker.on('exit', () => this.#lost(worker))
    const reply = await this.#next()
    if (reply !== 'ready') {
      const { fault, message } = reply as Fault
      throw new StoreError(fault, message)
    }
  }

  async ask(request: Request): Promise<Reply> {
    await this.start()
    this.#worker?.postMessage(request)
    return this.#next()
  }

  /** Ends the thread now; questions that wait are rejected with this error. */
  async stop(error: Error): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#fail(error)
    await worker?.terminate()
  }

  /** Sends the last message and resolves when the thread has ended, by itself or after `timeoutMs` by force. */
  async end(request: Request, timeoutMs: number): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    worker.postMessage(request)
    const timer = setTimeout(() => worker.terminate(), timeoutMs)
    await ended
    clearTimeout(timer)
    this.#worker = undefined
  }

  #next(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  #lost(worker: Worker, cause?: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#fail(new StoreError('unavailable', `the ${this.#module} thread ended`, { cause }))
  }
}
