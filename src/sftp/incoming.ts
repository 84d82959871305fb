/**
 * How uploads that are not closed lie in their folder: `open.ID.NAME`; the ids sort by time.
 */
import type { Stats } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { unlessMissing } from '../file-errors.ts'

const INCOMING = /^open\.([0-9a-f-]{36})\.(.+)$/s

export function incomingName(id: string, name: string): string {
  return `open.${id}.${name}`
}

/** @returns undefined for a file that is no upload */
export function partsOf(file: string): { readonly id: string; readonly name: string } | undefined {
  const [, id, name] = INCOMING.exec(file) ?? []
  return id === undefined || name === undefined ? undefined : { id, name }
}

/** @returns undefined where there is no file, or something else */
export async function statsOf(path: string): Promise<Stats | undefined> {
  const stats = await lstat(path).catch(unlessMissing)
  return stats?.isFile() ? stats : undefined
}
