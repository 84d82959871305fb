/**
 * Where a channel that brings files leaves them (the drop box): complete ones become runs that wait and are checked, the
 * others lie aside until something comes of them.
 */
import { readdir } from 'node:fs/promises'
import type { Institution } from '../directory/institution.ts'
import type { Actor } from '../directory/institution-changes.ts'
import type { Store } from '../store/store.ts'
import type { Checks } from './check.ts'
import { putCheck } from './check-page.ts'
import { filesMeantBy } from './companions.ts'
import { kindOfFile, nameFault, notATable } from './file-name.ts'
import type { Folders } from './folders.ts'
import { openFolders } from './folders.ts'
import { maxFileBytes, takeIn, withdraw } from './receive.ts'
import { runsIn } from './run-record.ts'
import { PROBE_MS, takeProbes } from './sweep.ts'

export type DropOff = Disposable & {
  folders(institution: string): Promise<Folders>
  nameFault(name: string): string | undefined
  isTable(name: string): boolean
  maxBytes(institution: Institution): number
  /** @returns the id of the run that waits */
  complete(path: string, name: string, institution: Institution, by: Actor): Promise<string>
  withdraw(name: string, institution: Institution): Promise<void>
  laidAside(name: string, institution: Institution): Promise<void>
  remark(name: string, institution: Institution, page: string): Promise<void>
}

export type DropOffOptions = {
  readonly store: Store
  readonly dataDir: string
  readonly checks: Checks
  readonly onFailure: (institution: string, error: unknown) => void
}

export function openDropOff({ store, dataDir, checks, onFailure }: DropOffOptions): DropOff {
  const timers = new Set<NodeJS.Timeout>()
  const folders = (institution: string) => openFolders(dataDir, institution)

  /** What a companion says may be what the check of its file was waiting for. */
  async function checkAgain(companion: string, institution: Institution): Promise<void> {
    const { upload } = await folders(institution._id)
    for (const file of filesMeantBy(companion, await readdir(upload))) {
      const [run] = await runsIn(store, institution._id, ['waiting'], { file, limit: 1 })
      if (run !== undefined) checks.ask(run)
    }
  }

  function lookLater(institution: Institution, failed: (error: unknown) => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      lookAtProbes(institution).catch(failed)
    }, PROBE_MS + 1000)
    timers.add(timer.unref())
  }

  async function lookAtProbes(institution: Institution): Promise<void> {
    const options = { store, institution, folders: await folders(institution._id) }
    for (const run of await takeProbes(options)) checks.ask(run)
  }

  return {
    folders,
    nameFault,
    isTable: (name) => kindOfFile(name) === 'table',
    maxBytes: maxFileBytes,
    async complete(path, name, institution, by) {
      const run = await takeIn(path, name, { store, institution, by, folders: await folders(institution._id) })
      checks.ask(run)
      return run._id
    },
    async withdraw(name, institution) {
      await withdraw(name, { store, institution, folders: await folders(institution._id) })
    },
    async laidAside(name, institution) {
      const failed = (error: unknown) => onFailure(institution._id, error)
      switch (kindOfFile(name)) {
        case 'companion':
          return await checkAgain(name, institution).catch(failed)
        case 'table':
          return lookLater(institution, failed)
        case 'other':
          return await putCheck(await folders(institution._id), name, asidePage(name)).catch(failed)
        case 'unfinished':
          return
      }
    },
    async remark(name, institution, page) {
      await putCheck(await folders(institution._id), name, page)
    },
    [Symbol.dispose]() {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

/** For whoever expects something of a file that nobody will go through. */
function asidePage(name: string): string {
  const lines = [
    `${name}: the file is here, and will not be gone through: ${notATable(name)}.`,
    'Upload the table itself (packed files are not unpacked), or give the file its right name.',
  ]
  return `${lines.join('\n')}\n`
}
