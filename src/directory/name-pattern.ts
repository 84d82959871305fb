/** Names of files by a pattern: `*` stands for any letters, and case does not count. */

export function fitsPattern(fileName: string, pattern: string): boolean {
  const parts = pattern.toLowerCase().split('*')
  const [first = '', ...rest] = parts
  let left = fileName.toLowerCase()
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
