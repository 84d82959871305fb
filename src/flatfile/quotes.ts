/**
 * Quotation marks of delimited text that stand where none belongs.
 */

/**
 * Whether a record has text behind a closing quotation mark (`"Ada "The" L", …`), or a space before an opening one
 * (`1, "Ada, L"`). Where its cells end is then a guess.
 * @param raw the record as written, with or without its line end
 */
export function hasStrayQuote(raw: string, delimiter: string): boolean {
  let at = 0
  while (at < raw.length) {
    if (isSpaceBeforeQuote(raw, at)) return true
    if (raw[at] === '"') {
      at = closingQuote(raw, at + 1) + 1
      if (!endsCell(raw[at], delimiter)) return true
    }
    const next = raw.indexOf(delimiter, at)
    if (next < 0) return false
    at = next + 1
  }
  return false
}

function isSpaceBeforeQuote(raw: string, from: number): boolean {
  let at = from
  while (raw[at] === ' ') at++
  return at > from && raw[at] === '"'
}

/** Where the quotation mark stands that is not doubled; the end of the text when there is none. */
function closingQuote(raw: string, from: number): number {
  let at = raw.indexOf('"', from)
  while (at >= 0 && raw[at + 1] === '"') at = raw.indexOf('"', at + 2)
  return at < 0 ? raw.length : at
}

function endsCell(letter: string | undefined, delimiter: string): boolean {
  return letter === undefined || letter === delimiter || letter === '\r' || letter === '\n'
}
