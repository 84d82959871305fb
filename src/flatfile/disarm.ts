/**
 * Cells on their way into a spreadsheet program: what would be taken for a formula is made plain text by an apostrophe,
 * which reading takes off again. Whatever goes out in a table goes through here.
 */

const FORMULA = /^[=+\-@\t\r]/
const NEEDS_QUOTES = /["\r\n,]/

/** One record of comma-separated text (RFC 4180), with its line end. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

function csvCell(text: string): string {
  const plain = disarmed(text)
  return NEEDS_QUOTES.test(plain) || plain.trim() !== plain ? `"${plain.replaceAll('"', '""')}"` : plain
}

function disarmed(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}
