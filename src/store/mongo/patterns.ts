/**
 * Regular expressions for what is contained, begins and ends, in the part of their language that PCRE and RE2 share.
 */

export function containing(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

export function starting(text: string): string {
  return `^${containing(text)}`
}

/** `\z` is the very end; `$` would also match before a last line feed. */
export function ending(text: string): string {
  return `${containing(text)}\\z`
}

/** The pattern somewhere behind a text that everything begins with. */
export function behind(prefix: string, pattern: string): string {
  return `${starting(prefix)}[\\s\\S]*${pattern}`
}
