/**
 * The server of the benchmark of files: told by its parent to go through a file, as the daily run does.
 */
import { openFolders } from '../src/flatfile/folders.ts'
import { importFile, oneAtATime } from '../src/flatfile/process.ts'
import type { Done, Order } from './files.ts'
import { serveAndObey } from './serving-child.ts'

await serveAndObey<Order, Done>(async ({ path, name }, { server: { store }, institution, folder }) => {
  const folders = await openFolders(folder, institution._id)
  const processing = { store, institution, folders, by: { source: 'file' } } as const
  const began = performance.now()
  const summary = await oneAtATime(processing, (onProgress) =>
    importFile({ path, name, isApproved: true, reports: [] }, { ...processing, onProgress }),
  )
  if (summary === undefined) throw new Error('somebody else is at the files')
  return { seconds: (performance.now() - began) / 1000, summary }
})
