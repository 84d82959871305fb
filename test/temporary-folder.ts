/**
 * A folder for a test, which is gone when it is disposed of.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Folder = AsyncDisposable & {
  readonly path: string
  /** @returns the path of the file */
  put(name: string, content: string | Uint8Array): Promise<string>
}

export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'matricula-files-'))
  return {
    path,
    put: async (name, content) => {
      await writeFile(join(path, name), content)
      return join(path, name)
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}
