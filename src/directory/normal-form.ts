/**
 * Unicode's normal forms in time that grows with the text. Putting the marks of one letter in order takes time by the
 * square of how many there are, and 32,768 of them a second; no language has more than thirty (UAX #15, section 13).
 */

/** More marks in a row than any letter has; halfwidth sound marks become such by NFKC. */
const ENDLESS = /(?<![\p{M}\uff9e\uff9f])[\p{M}\uff9e\uff9f]{31}/u

/** @returns the text as it is where a letter of it has marks without end: then it is compared as it is spelled */
export function normalized(text: string, form: 'NFC' | 'NFKC' | 'NFKD'): string {
  return ENDLESS.test(text) ? text : text.normalize(form)
}
