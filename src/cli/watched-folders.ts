/**
 * Folders into which other programs put files: watched by a server, looked at once by a run at the command line.
 */
import type { Config } from '../config.ts'
import type { Institution } from '../directory/institution.ts'
import type { FolderWatchOptions } from '../flatfile/folder-watch.ts'
import { openFolderWatch } from '../flatfile/folder-watch.ts'
import type { Rounds } from '../jobs/rounds.ts'
import { openRounds } from '../jobs/rounds.ts'
import type { Log } from '../observe/log.ts'
import type { Store } from '../store/store.ts'
import type { Terminal } from './command.ts'

type Watching = Rounds & {
  /** Brings in what is complete within a minute; for the daily run. */
  gather(institution: Institution, stop: AbortSignal): Promise<void>
}

export function watchFolders(
  { dataDir, filesRoot }: Config,
  { store, log, onTaken }: Pick<FolderWatchOptions, 'store' | 'onTaken'> & { readonly log: Log },
): Watching {
  const onFailure = (institution: string, error: unknown) => log.error({ institution, err: error }, 'watching a folder failed')
  // Names of files are their senders' affair; whoever mends it finds the file in the folder.
  const what = (name: string) => (name === '' ? 'a watched folder cannot be read' : 'a file in a watched folder cannot be taken')
  const watch = openFolderWatch({
    store,
    dataDir,
    root: filesRoot,
    ...(onTaken && { onTaken }),
    onRefused: (institution, name, reason) => log.warn({ institution, reason }, what(name)),
  })
  const rounds = openRounds({ store, visit: async (institution) => void (await watch.look(institution)), onFailure })
  return {
    ...rounds,
    async gather(institution, stop) {
      try {
        await watch.gather(institution, stop)
      } catch (error) {
        if (stop.aborted) throw error
        onFailure(institution._id, error)
      }
    },
  }
}

export async function gatherNow(store: Store, institution: Institution, config: Config, terminal: Terminal): Promise<void> {
  const watch = openFolderWatch({
    store,
    dataDir: config.dataDir,
    root: config.filesRoot,
    onRefused: (_, name, reason) => terminal.say(name === '' ? reason : `${name}: ${reason}`),
    onWait: (ms) => terminal.say(`Waiting ${ms / 1000} s to see whether the files in the watched folder are complete.`),
  })
  await watch.gather(institution, new AbortController().signal)
}
