/**
 * What lies in the reports for whoever has just uploaded a file: `NAME.check.txt`, a page for people, and beside it
 * `NAME.check.csv`, the table with a reason for each row. It is of the newest file of the name, never of an older one.
 */
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newId } from '../directory/ids.ts'
import type { Folders } from './folders.ts'

export function checkNames(file: string): { readonly page: string; readonly table: string } {
  return { page: `${file}.check.txt`, table: `${file}.check.csv` }
}

export async function forgetCheck({ reports }: Folders, file: string): Promise<void> {
  for (const name of Object.values(checkNames(file))) await rm(join(reports, name), { force: true })
}

/** Whole from the moment on that it has its name. @param table a file to be moved beside the page */
export async function putCheck(folders: Folders, file: string, page: string, table?: string): Promise<void> {
  const names = checkNames(file)
  if (table === undefined) await rm(join(folders.reports, names.table), { force: true })
  else await rename(table, join(folders.reports, names.table))
  const whole = join(folders.checks, `page.${newId(Date.now())}`)
  await writeFile(whole, page, { mode: 0o600 })
  await rename(whole, join(folders.reports, names.page))
}
