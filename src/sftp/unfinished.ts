/**
 * What lies in `/upload` and no run goes through: how it is listed, and what the sender of an interrupted upload is told.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BoxFolders } from './files-port.ts'
import { partsOf, statsOf } from './incoming.ts'

export type Unfinished = {
  readonly name: string
  readonly bytes: number
  /** `not closed`: being written, or interrupted. `aside`: whole, and not a file to go through. */
  readonly state: 'not closed' | 'aside'
  readonly changed: string
}

/** What lies in `/upload` and waits for no run, by name. */
export async function unfinishedIn({ incoming, aside }: Pick<BoxFolders, 'incoming' | 'aside'>): Promise<Unfinished[]> {
  const open = (await readdir(incoming)).flatMap((file) => {
    const name = partsOf(file)?.name
    return name === undefined ? [] : [{ name, path: join(incoming, file), state: 'not closed' } as const]
  })
  const whole = (await readdir(aside)).map((name) => ({ name, path: join(aside, name), state: 'aside' }) as const)
  const found = await Promise.all(
    [...open, ...whole].map(async ({ name, path, state }) => {
      const stats = await statsOf(path)
      return stats && { name, bytes: stats.size, state, changed: stats.ctime.toISOString() }
    }),
  )
  return found.filter((one) => one !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** For the reports, beside the file that was meant. */
export function interruptedPage(about: {
  readonly name: string
  readonly size: number
  readonly why: string | undefined
  readonly isThere: boolean
}): string {
  const { name, size, why, isThere } = about
  const now = new Date().toISOString().slice(0, 16).replace('T', ' ')
  const lines = [
    `${name}: the upload was interrupted on ${now} (UTC); ${size} bytes are here.`,
    ...(why === undefined ? [] : [`The reason: ${why}.`]),
    'The file is not complete and will not be gone through. Go on with it (sftp: reput, lftp: put -c) or upload it again.',
    ...(isThere ? ['An earlier file of this name is complete: until then the next run goes through that one.'] : []),
  ]
  return `${lines.join('\n')}\n`
}
