/**
 * What lies in the reports for whoever has just uploaded a file: `NAME.check.txt`, a page for people, and beside it
 * `NAME.check.csv`, the table with a reason for each row, and `NAME.check.xlsx`, the rows to mend. All are of the newest
 * file of the name, never of an older one.
 */
import { existsSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newId } from '../directory/ids.ts'
import type { Folders } from './folders.ts'

export function checkNames(file: string) {
  return { page: `${file}.check.txt`, table: `${file}.check.csv`, mend: `${file}.check.xlsx` } as const
}

export async function forgetCheck({ reports }: Folders, file: string): Promise<void> {
  for (const name of Object.values(checkNames(file))) await rm(join(reports, name), { force: true })
}

/** Whole from the moment on that it has its name. @param beside files to be moved beside the page, where they are there */
export async function putCheck(
  folders: Folders,
  file: string,
  page: string,
  beside: { readonly table?: string; readonly mend?: string } = {},
): Promise<void> {
  const names = checkNames(file)
  for (const kind of ['table', 'mend'] as const) {
    const [from, to] = [beside[kind], join(folders.reports, names[kind])]
    if (from !== undefined && existsSync(from)) await rename(from, to)
    else await rm(to, { force: true })
  }
  const whole = join(folders.checks, `page.${newId(Date.now())}`)
  await writeFile(whole, page, { mode: 0o600 })
  await rename(whole, join(folders.reports, names.page))
}
