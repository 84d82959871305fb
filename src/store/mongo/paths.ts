/**
 * Paths as the port allows them. They become names of fields in queries, so nothing else may get there.
 */
import type { Predicate } from '../predicate.ts'

/** @throws {TypeError} when a segment is anything but letters, digits and underscores: whoever asks has to know the schema */
export function checkedPath(path: string): string {
  if (!/^\w+(\.\w+)*$/.test(path)) throw new TypeError(`not a path: ${JSON.stringify(path)}`)
  return path
}

/** @throws {TypeError} see `checkedPath`; '' is the element itself */
export function checkPaths(predicate: Predicate): void {
  switch (predicate.op) {
    case 'and':
    case 'or':
      for (const part of predicate.of) checkPaths(part)
      break
    case 'not':
      checkPaths(predicate.of)
      break
    default:
      if (predicate.path !== '') checkedPath(predicate.path)
      if (predicate.op === 'any') checkPaths(predicate.where)
  }
}
