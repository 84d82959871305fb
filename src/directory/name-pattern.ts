/** Names of files by a pattern: `*` stands for any letters; case does not count, nor how a letter with an accent is spelt (macOS). */
import { normalized } from './normal-form.ts'

export function fitsPattern(fileName: string, pattern: string): boolean {
  const parts = folded(pattern).split('*')
  const [first = '', ...rest] = parts
  let left = folded(fileName)
  if (rest.length === 0) return left === first
  const last = rest.pop() ?? ''
  if (!left.startsWith(first) || left.length < first.length + last.length || !left.endsWith(last)) return false
  left = left.slice(first.length, left.length - last.length)
  for (const part of rest) {
    const at = left.indexOf(part)
    if (at < 0) return false
    left = left.slice(at + part.length)
  }
  return true
}

/** Whether every name that fits the narrower pattern fits the other one, too. */
export function coversPattern(pattern: string, narrower: string): boolean {
  // What fits a letter that is in no pattern fits whatever may stand in its place.
  return fitsPattern(narrower.replaceAll('*', '\0'), pattern)
}

function folded(name: string): string {
  return normalized(name, 'NFC').toLowerCase()
}
