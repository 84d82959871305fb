/**
 * The rows of a table beside the verdicts on them, which stand in a file of their own in the same order.
 */
import { readLines } from './lines.ts'
import type { Row } from './row.ts'
import { readSpool } from './spool.ts'
import type { PlannedVerdict } from './verdict.ts'

export type Judged = { readonly row: Row; readonly verdict: PlannedVerdict }

/**
 * @param spool where the rows were put down
 * @param path where the verdicts stand
 */
export async function* judgedRows(spool: string, path: string): AsyncGenerator<readonly Judged[]> {
  const verdicts = readLines<PlannedVerdict>(path)
  try {
    let [batch, at] = [[] as readonly PlannedVerdict[], 0]
    for await (const rows of readSpool(spool)) {
      const judged: Judged[] = []
      for (const row of rows) {
        if (at === batch.length) [batch, at] = [(await verdicts.next()).value ?? [], 0]
        const verdict = batch[at++]
        if (verdict?.row !== row.number)
          throw new Error(`row ${row.number} has no verdict in ${path}: ${verdict?.row ?? 'it ends'}`)
        judged.push({ row, verdict })
      }
      yield judged
    }
  } finally {
    await verdicts.return(undefined)
  }
}
