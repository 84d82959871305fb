/**
 * The thread that serves everybody, shared by whoever goes through a long list.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'

/** So many of a list are gone through before others get their turn on the thread, and for so long at most. */
const TURN = 20
const TURN_MS = 10

/** @returns what is asked before each of the list: resolves when others have had their turn, undefined while it is ours */
export function sharing(): () => Promise<void> | undefined {
  let done = 0
  let began = performance.now()
  return () => {
    const isOver = done > 0 && (done % TURN === 0 || performance.now() - began > TURN_MS)
    done++
    if (!isOver) return
    return nextTurn().then(() => {
      began = performance.now()
    })
  }
}
