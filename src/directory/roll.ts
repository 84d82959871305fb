/**
 * The roll, and the ways to change it: people through the gate, and the records of groups through theirs.
 */
import type { Store } from '../store/store.ts'
import type { Gate } from './gate.ts'
import type { GroupWrites } from './groups/writes.ts'

export type Roll = { readonly store: Store; readonly gate: Gate; readonly groups: GroupWrites }
