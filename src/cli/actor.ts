/**
 * Who stands in the audit trail for what is done at the command line: the administrator, by the account of the machine.
 */
import { userInfo } from 'node:os'
import type { Actor } from '../directory/institution-changes.ts'

export function actor(): Actor {
  return { source: 'admin', credential: `cli:${account()}` }
}

/** A container may run under a number that no account has. */
function account(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
