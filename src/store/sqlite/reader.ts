/**
 * The reader thread: answers one question at a time that may have to look at every document.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { StoreError } from '../store.ts'
import type { Fault } from './faults.ts'
import { faultOf } from './faults.ts'
import type { Answers, Question } from './reading.ts'
import { answersTo, openForReading } from './reading.ts'
import { Statements } from './statements.ts'

/** `stop` holds 1 when nobody waits for an answer any more. */
export type ReaderData = { readonly path: string; readonly stop: Int32Array }
export type ReaderRequest = { readonly question: Question; readonly deadlineMs: number }
export type ReaderReply = 'ready' | Fault | Answers

const port = parentPort
if (port !== null) serve(port, workerData as ReaderData)

function serve(port: NonNullable<typeof parentPort>, { path, stop }: ReaderData): void {
  const reply = (message: ReaderReply) => port.postMessage(message)
  try {
    const db = openForReading(path, 32)
    const statements = new Statements(db, true)
    let deadline = 0
    let limitMs = 0
    // SQLite cannot be interrupted from outside: long statements call this at every so many rows.
    db.function('tick', () => {
      if (Date.now() > deadline || Atomics.load(stop, 0) !== 0) throw tooSlow(limitMs)
      return 1
    })
    port.on('message', ({ question, deadlineMs }: ReaderRequest) => {
      limitMs = deadlineMs
      deadline = Date.now() + deadlineMs
      reply(answer(path, statements, question))
    })
    reply('ready')
  } catch (error) {
    reply(faultOf(path, error))
    port.close()
  }
}

function answer(path: string, statements: Statements, question: Question): ReaderReply {
  try {
    return answersTo(statements, question)
  } catch (error) {
    return faultOf(path, error)
  }
}

function tooSlow(limitMs: number): StoreError {
  return new StoreError('tooSlow', `the question took longer than ${limitMs / 1000} s: ask for less, or by an indexed attribute`)
}
