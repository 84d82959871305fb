/**
 * The rows of a table beside the verdicts on them, which stand in a file of their own in the same order.
 */
import { readLines, readTexts } from './lines.ts'
import type { Row } from './row.ts'
import { rowFrom } from './spool.ts'
import type { PlannedVerdict } from './verdict.ts'

/** A row, read when it is asked for, and the verdict on it. */
export class Judged {
  readonly verdict: PlannedVerdict
  readonly #text: string

  /** @param text the row as it was put down */
  constructor(text: string, verdict: PlannedVerdict) {
    this.#text = text
    this.verdict = verdict
  }

  get row(): Row {
    const row = rowFrom(this.#text)
    if (row.number === this.verdict.row) return row
    throw new Error(`the verdict on row ${row.number} is one on row ${this.verdict.row}`)
  }
}

/**
 * @param spool where the rows were put down
 * @param path where the verdicts stand
 */
export async function* judgedRows(spool: string, path: string): AsyncGenerator<readonly Judged[]> {
  const verdicts = readLines<PlannedVerdict>(path)
  try {
    let [batch, at] = [[] as readonly PlannedVerdict[], 0]
    for await (const texts of readTexts(spool)) {
      const judged: Judged[] = []
      for (const text of texts) {
        if (at === batch.length) [batch, at] = [(await verdicts.next()).value ?? [], 0]
        const verdict = batch[at++]
        if (verdict === undefined) throw new Error(`${path} ends before ${spool} does`)
        judged.push(new Judged(text, verdict))
      }
      yield judged
    }
  } finally {
    await verdicts.return(undefined)
  }
}
