/**
 * Cells on their way into a spreadsheet program: what would be taken for a formula is made plain text by an apostrophe,
 * which reading takes off again. Whatever goes out in a table goes through here.
 */

/** What nearly every cell is: nothing that any spreadsheet program would take for more than it says. */
const PLAIN = /^[0-9A-Za-z](?:[ !#-+\--:<-~]*[!#-+\--:<-~])?$/
const FORMULA = /^[=+\-@\t\r]/
const NEEDS_QUOTES = /["\r\n]/

/** Those that spreadsheet programs take without being asked, each in a part of the world. */
export type Delimiter = ',' | ';'

/** One record of delimited text (RFC 4180), with its line end. */
export function csvLine(cells: readonly string[], delimiter: Delimiter = ','): string {
  return `${cells.map((text) => csvCell(text, delimiter)).join(delimiter)}\r\n`
}

function csvCell(text: string, delimiter: Delimiter): string {
  if (PLAIN.test(text)) return text
  const plain = disarmed(text)
  const isQuoted = NEEDS_QUOTES.test(plain) || plain.includes(delimiter) || plain.trim() !== plain
  return isQuoted ? `"${plain.replaceAll('"', '""')}"` : plain
}

function disarmed(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}
