/**
 * `matricula template`: the table that people fill in.
 */
import { writeFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { didYouMean } from '../directory/near-miss.ts'
import { requiredFields } from '../directory/required-fields.ts'
import { unwritable } from '../file-errors.ts'
import { FORMATS } from '../flatfile/row.ts'
import type { Command } from './command.ts'
import { DONE, Misuse, Refusal, read } from './command.ts'
import { knownInstitution } from './known-institution.ts'
import { withStore } from './open-store.ts'

export const template: Command = {
  summary: 'make the upload template',
  help: `matricula template --format csv|xlsx|xls [--institution ID] --output F

The table to fill in and upload: a column for each field, those that a new person needs marked by a star, lists of the
allowed values, identifiers formatted as text so that a spreadsheet keeps their zeros.

  --format F        csv, xlsx or xls
  --institution ID  with the account types, lists and required fields of this institution
  --output F, -o F  where to write it

Example:
  matricula template --format xlsx --institution north -o people.xlsx`,
  async run(args, terminal) {
    const options = optionsIn(args)
    const institution = options.institution
    const { settings } =
      institution === undefined ? { settings: {} } : await withStore(terminal, (store) => knownInstitution(store, institution))
    const { template: make } = await import('../flatfile/template.ts')
    const content = await make(options.format, settings, requiredFields(settings, 'file'))
    await writeFile(options.output, content).catch((error) => {
      throw new Refusal(unwritable(options.output, error))
    })
    terminal.say(`Wrote ${options.output}.`)
    return DONE
  },
}

function optionsIn(args: readonly string[]) {
  const long = args.map((arg) => (arg === '-o' ? '--output' : arg))
  const { options } = read(long, { options: { format: 'text', institution: 'text', output: 'text' }, words: [] })
  const { format, output, institution } = options
  if (format === undefined) throw new Misuse('--format is missing')
  if (output === undefined) throw new Misuse('--output is missing')
  const known = FORMATS.find((one) => one === format.toLowerCase())
  if (known === undefined) {
    throw new Misuse(`--format is "${format}"; it should be one of ${FORMATS.join(', ')}${didYouMean(format, FORMATS)}`)
  }
  const end = extname(output).slice(1).toLowerCase()
  if (output === '-' || (end !== known && FORMATS.some((one) => one === end)))
    throw new Misuse(`--output is "${output}"; it should be the name of a file that ends in .${known}`)
  return { format: known, output, institution }
}
