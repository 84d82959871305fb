/**
 * When a server starts: groups that were being dropped when a process died lose the rest of their members. Nobody sees
 * these groups any more, so there is no hurry, and closing may interrupt it: the next start goes on.
 */

import { openGate } from '../directory/gate.ts'
import { resumeDrops } from '../directory/groups/drop.ts'
import { openGroupWrites } from '../directory/groups/writes.ts'
import { listInstitutions } from '../directory/institution.ts'
import type { Store } from '../store/store.ts'

export function finishDrops(store: Store, onFailure: (institution: string, error: unknown) => void): AsyncDisposable {
  const stop = new AbortController()
  const roll = { store, gate: openGate(store), groups: openGroupWrites(store) }

  async function finishAll(): Promise<void> {
    for (const institution of await listInstitutions(store)) {
      if (stop.signal.aborted) return
      await resumeDrops(roll, institution, stop.signal).catch((error) => onFailure(institution._id, error))
    }
  }

  const finishing = finishAll().catch((error) => onFailure('', error))
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await finishing
    },
  }
}
