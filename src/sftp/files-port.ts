/**
 * What the drop box asks of those who go through the files. Channels do not know each other: `cli/server.ts` hands one
 * to the other.
 */
import type { Institution } from '../directory/institution.ts'
import type { Actor } from '../directory/institution-changes.ts'

/** All in one file system, and of one institution alone. */
export type BoxFolders = {
  /** Uploads that are under way or were interrupted. */
  readonly incoming: string
  /** Whole files that are not gone through. */
  readonly aside: string
  /** Complete files that wait to be gone through. */
  readonly upload: string
  readonly reports: string
  readonly archive: string
}

export type FilesPort = {
  folders(institution: string): Promise<BoxFolders>
  /** Why no file can have this name. */
  nameFault(name: string): string | undefined
  /** Whether a complete file of this name is one to go through. */
  isTable(name: string): boolean
  /** How large a file may be. */
  maxBytes(institution: Institution): number
  /** Takes a complete table, which is moved; when this resolves it is stored that it waits. @returns the id of its run */
  complete(path: string, name: string, institution: Institution, by: Actor): Promise<string>
  /** What waits under this name is not gone through, and what the reports say of it goes. */
  withdraw(name: string, institution: Institution): Promise<void>
  /** Told of each whole file that lies aside: without content, or of a name that is no table's. */
  laidAside(name: string, institution: Institution): Promise<void>
  /** Lays a page into the reports for whoever uploads files of this name. */
  remark(name: string, institution: Institution, page: string): Promise<void>
}
