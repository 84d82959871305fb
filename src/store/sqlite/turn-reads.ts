/**
 * What the main thread reads within one turn of the event loop, as one transaction: to begin and end one for each small
 * read would cost as much as the read itself.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Answers, Question } from './reading.ts'
import { answersTo } from './reading.ts'
import { Statements } from './statements.ts'

export class TurnReads {
  readonly #statements: Statements
  #ending: NodeJS.Immediate | undefined

  constructor(db: DatabaseSync) {
    this.#statements = new Statements(db, true)
  }

  /** All answers of one turn are of the same moment, that of the first one. */
  ask(question: Question): Answers {
    if (this.#ending === undefined) {
      this.#statements.of('begin').run()
      this.#ending = setImmediate(() => this.end())
    }
    return answersTo(this.#statements, question)
  }

  /** What is asked from now on sees all that was written before. */
  end(): void {
    if (this.#ending === undefined) return
    clearImmediate(this.#ending)
    this.#ending = undefined
    this.#statements.of('commit').run()
  }
}
