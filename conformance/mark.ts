/**
 * The mark of a run: all names that it makes begin with it, so that people see whose they are, and what a lost answer
 * left behind is found again.
 */
import { randomBytes } from 'node:crypto'
import type { Target } from './exchange.ts'
import { exchange } from './exchange.ts'
import { at, listOf } from './json.ts'
import { removeOne } from './made.ts'

export const PREFIX = 'conformance-'

/** Different for each run. */
export function newMark(prefix: string): string {
  return `${prefix}${randomBytes(3).toString('hex')}-`
}

const NAMES = [
  ['/Users', 'userName'],
  ['/Groups', 'displayName'],
] as const
const PAGE = 200

/**
 * Deletes what still has the mark, groups last. Resolves to what could not be deleted, with the reason. A server that
 * cannot be asked by name is left alone: each check deletes what it knows to have made.
 */
export async function sweep({ signal: _, ...target }: Target): Promise<string[]> {
  const left: string[] = []
  for (const [endpoint, attribute] of NAMES) {
    const query = new URLSearchParams({ filter: `${attribute} sw "${target.mark}"`, count: String(PAGE) })
    const path = `${endpoint}?${query.toString().replaceAll('+', '%20')}`
    const found = await exchange(target, { method: 'GET', path, encode: 'none' })
    if ('silence' in found || found.status !== 200) continue
    for (const resource of listOf(at(found.json, '/Resources'))) {
      const name = at(resource, `/${attribute}`)
      const id = at(resource, '/id')
      // Not every server understands the filter: what does not have the mark is not ours.
      if (typeof id !== 'string' || typeof name !== 'string' || !name.startsWith(target.mark)) continue
      left.push(...(await removeOne(target, `${endpoint}/${encodeURIComponent(id)}`)))
    }
  }
  return left
}
