/**
 * The table that people fill in: a column for each field, what every new person needs marked by a star, the values that
 * an institution allows at hand, keys kept as text so that a spreadsheet leaves their zeros alone.
 */
import type { Settings } from '../directory/settings.ts'
import type { FORMATS } from './row.ts'
import { templateColumns } from './template-columns.ts'
import { templateXls } from './template-xls.ts'
import { templateXlsx } from './template-xlsx.ts'

/**
 * @param required fields without which no person is created from a file
 * @returns the content of the file
 */
export async function template(
  format: (typeof FORMATS)[number],
  settings: Settings,
  required: readonly string[],
): Promise<Buffer> {
  const columns = templateColumns(settings, required)
  switch (format) {
    case 'csv':
      return Buffer.from(`\ufeff${columns.map(({ heading }) => heading).join(',')}\r\n`)
    case 'xlsx':
      return templateXlsx(columns)
    case 'xls':
      return templateXls(columns)
    default:
      return format satisfies never
  }
}
