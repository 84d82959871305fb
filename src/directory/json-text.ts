/**
 * JSON as people and scripts write it, read so that nothing of it is lost: a name that comes twice in one object, of
 * which the last would win without a word (RFC 8259, section 4; RFC 7493, section 2.3), is refused.
 */
import { quoted } from './quoted.ts'

export type ReadText =
  | { readonly kind: 'ok'; readonly value: unknown }
  /** As it goes on behind "the body …": the place, and no more of the text than its sender knows. */
  | { readonly kind: 'bad'; readonly message: string }

/** No record and no settings come near it; a parser takes seconds for megabytes of brackets. */
const MOST_LEVELS = 64

/** What is wrong with a text that must not be parsed at all. As of `readJsonText`. */
export function nestingFault(text: string): string | undefined {
  return isDeeper(text, MOST_LEVELS) ? `is nested more than ${MOST_LEVELS} levels deep` : undefined
}

export function readJsonText(text: string): ReadText {
  const fault = nestingFault(text)
  if (fault !== undefined) return { kind: 'bad', message: fault }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { kind: 'bad', message: `is not JSON: ${error instanceof Error ? error.message : 'it cannot be parsed'}` }
  }
  // Counting is nothing beside parsing. A text in a value may look like a name, so more than there are means a closer look.
  const twice = seemingNames(text) > namesIn(value) ? nameTwiceIn(text) : undefined
  if (twice === undefined) return { kind: 'ok', value }
  return { kind: 'bad', message: `has the name ${quoted(twice)} twice in one object` }
}

const [QUOTE, LIST, LIST_END, OBJECT, OBJECT_END] = [...'"[]{}'].map((mark) => mark.charCodeAt(0))

/** @param text JSON, or not */
function isDeeper(text: string, most: number): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const end = endOfText(text, at)
      if (end === 0) return false
      at = end - 1
    } else if (code === LIST || code === OBJECT) {
      if (++depth > most) return true
    } else if (code === LIST_END || code === OBJECT_END) depth--
  }
  return false
}

function seemingNames(text: string): number {
  const name = /"\s*:/g
  let count = 0
  while (name.test(text)) count++
  return count
}

/** Calls itself for what lies within, since none is read that is nested deep. */
function namesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const inside: readonly unknown[] = Object.values(value)
  let count = Array.isArray(value) ? 0 : inside.length
  for (const each of inside) if (typeof each === 'object') count += namesIn(each)
  return count
}

/** @param text JSON without a fault */
function nameTwiceIn(text: string): string | undefined {
  const open: Set<string>[] = []
  const mark = /["{}]/g
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    if (found[0] === '{') open.push(new Set())
    else if (found[0] === '}') open.pop()
    else {
      const end = endOfText(text, found.index)
      mark.lastIndex = end
      if (!isFollowedByColon(text, end)) continue
      const written = text.slice(found.index + 1, end - 1)
      const name: string = written.includes('\\') ? JSON.parse(`"${written}"`) : written
      const names = open.at(-1)
      if (names?.has(name)) return name
      names?.add(name)
    }
  }
  return undefined
}

/** @returns the place behind the quotation mark that closes the one at `start`; 0 when there is none */
function endOfText(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end + 1
}

function isEscaped(text: string, at: number): boolean {
  let first = at
  while (text[first - 1] === '\\') first--
  return (at - first) % 2 === 1
}

function isFollowedByColon(text: string, at: number): boolean {
  const colon = /\s*:/y
  colon.lastIndex = at
  return colon.test(text)
}
