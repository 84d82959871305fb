/**
 * Changes that come one by one and belong together, as the operations of one request do: whatever is submitted within
 * one turn of the event loop goes as one list, in the lane of batches.
 */
import type { Change, Outcome } from './change.ts'
import type { Gate } from './gate.ts'
import type { Institution } from './institution.ts'

type Waiting = {
  readonly change: Change
  readonly resolve: (outcome: Outcome) => void
  readonly reject: (error: unknown) => void
}

/** Of one caller, so that all changes are of one institution. */
export function gathering(gate: Gate): Gate {
  let waiting: Waiting[] = []

  async function handIn(institution: Institution): Promise<void> {
    const list = waiting
    waiting = []
    try {
      const outcomes = await gate.batch(
        institution,
        list.map(({ change }) => change),
      )
      for (const [index, { resolve }] of list.entries()) resolve(outcomes[index] as Outcome)
    } catch (error) {
      for (const { reject } of list) reject(error)
    }
  }

  return {
    submit: (institution, change) =>
      new Promise((resolve, reject) => {
        if (waiting.push({ change, resolve, reject }) === 1) setImmediate(handIn, institution)
      }),
    batch: (institution, changes) => gate.batch(institution, changes),
  }
}
