/**
 * One thread beside this one: asked one thing at a time, started when first needed, started again when it died.
 */
import { Worker } from 'node:worker_threads'
import { StoreError } from '../store.ts'
import type { Fault } from './faults.ts'

type Waiting<Reply> = { readonly resolve: (reply: Reply) => void; readonly reject: (error: Error) => void }

export class Thread<Request, Reply> {
  readonly #module: string
  readonly #data: unknown
  #worker: Worker | undefined
  #waiting: Waiting<Reply> | undefined

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
    worker.on('message', (reply: Reply) => this.#settle((waiting) => waiting.resolve(reply)))
    worker.on('error', (error) => this.#lost(worker, error))
    worker.on('exit', () => this.#lost(worker))
    const reply = await this.#next()
    if (reply !== 'ready') {
      const { fault, message } = reply as Fault
      throw new StoreError(fault, message)
    }
  }

  /** One question at a time: the next may come when this one is answered. */
  async ask(request: Request): Promise<Reply> {
    await this.start()
    this.#worker?.postMessage(request)
    return this.#next()
  }

  /** Ends the thread now; a question that waits is rejected with this error. */
  async stop(error: Error): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#settle((waiting) => waiting.reject(error))
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
      this.#waiting = { resolve, reject }
    })
  }

  #settle(settle: (waiting: Waiting<Reply>) => void): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting !== undefined) settle(waiting)
  }

  #lost(worker: Worker, cause?: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#settle((waiting) => waiting.reject(new StoreError('unavailable', `the ${this.#module} thread ended`, { cause })))
  }
}
