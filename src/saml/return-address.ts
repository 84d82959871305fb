/**
 * Where a person goes after signing in or out: to an address that the institution registered, or to a path on this origin.
 * Whatever else is asked for leads nowhere: a sign-in page that sends people anywhere is a tool of thieves.
 */
import type { Refusal } from './refusal-record.ts'

export type Target =
  /** An address of `returnUrls`, as it stands there. */
  { readonly kind: 'registered'; readonly url: string } | { readonly kind: 'local'; readonly path: string }

const LONGEST = 2048

/**
 * @param asked an absolute URL, or a path that begins with one slash
 * @returns undefined when nobody may be sent there
 */
export function targetFor(asked: string, returnUrls: readonly string[]): Target | undefined {
  if (asked.length > LONGEST) return undefined
  if (isLocal(asked)) return { kind: 'local', path: asked }
  const url = returnUrls.find((one) => one === asked || sameUrl(one, asked))
  return url === undefined ? undefined : { kind: 'registered', url }
}

export function wrongAddress(asked: string): Refusal {
  const place = URL.canParse(asked) ? new URL(asked).origin : 'something that is no address'
  const detail = `people may not be sent to ${place}, or not to this address there (setting saml.returnUrls)`
  return { failure: 'address', code: 'return', detail }
}

/** The registered address with the code, and with whatever the platform wants back. */
export function withCode(url: string, code: string, state: string | undefined): string {
  const target = new URL(url)
  target.searchParams.set('code', code)
  if (state !== undefined) target.searchParams.set('state', state)
  return target.href
}

/** Printable ASCII that no browser takes for another origin, told by reading it as a browser does. */
function isLocal(asked: string): boolean {
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(asked) || asked.includes('\\')) return false
  const origin = 'http://origin.invalid'
  const url = URL.canParse(asked, origin) ? new URL(asked, origin) : undefined
  // `/..//host` becomes `//host`, which is another origin to whoever reads it next.
  return url?.origin === origin && !url.pathname.startsWith('//')
}

/** Written otherwise, and yet the same: `https://Host` is `https://host/`. */
function sameUrl(one: string, other: string): boolean {
  return URL.canParse(one) && URL.canParse(other) && new URL(one).href === new URL(other).href
}
