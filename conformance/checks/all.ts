/**
 * Every check in code, in no order: a report has its own.
 */
import { BULK_LIMITS } from './bulk-limits.ts'
import type { CodedCheck } from './coded.ts'
import { CURSORS } from './cursors.ts'
import { DISCOVERY } from './discovery.ts'
import { PAGES } from './pages.ts'
import { RESOURCES } from './resources.ts'
import { WRITES } from './writes.ts'

export const CODED_CHECKS: readonly CodedCheck[] = [...DISCOVERY, ...RESOURCES, ...PAGES, ...WRITES, ...BULK_LIMITS, ...CURSORS]
