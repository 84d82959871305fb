/**
 * Cookies that a browser sends to this origin alone (`__Host-`), over TLS alone, and that no script can read. On plain http
 * at a loopback address, where everything can be tried, browsers would not take those: there they go without both.
 */
import { generateCookie } from 'hono/cookie'
import { parse } from 'hono/utils/cookie'

export type CookieKind = {
  /** Letters, digits and hyphens. */
  readonly name: string
  /**
   * `none`: it also comes with a form that another site posts, as an identity provider does. On plain http browsers take
   * no such cookie; there it is left to them, and they send it for two minutes.
   */
  readonly sameSite: 'lax' | 'none'
  /** Until the browser ends when absent. */
  readonly maxAgeSeconds?: number
}

export type Cookies = {
  /** The value of the header Set-Cookie. */
  set(kind: CookieKind, value: string): string
  clear(kind: CookieKind): string
  get(kind: CookieKind, request: Request): string | undefined
}

/** @param isPlain whether the server is reached over http at a loopback address */
export function cookies(isPlain: boolean): Cookies {
  const written = (kind: CookieKind, value: string, maxAge: number | undefined) =>
    generateCookie(kind.name, value, {
      path: '/',
      httpOnly: true,
      ...(isPlain ? {} : { prefix: 'host', secure: true }),
      ...sameSiteOf(kind),
      ...(maxAge === undefined ? {} : { maxAge }),
    })
  const sameSiteOf = ({ sameSite }: CookieKind) => {
    if (sameSite === 'lax') return { sameSite: 'Lax' } as const
    return isPlain ? {} : ({ sameSite: 'None' } as const)
  }
  return {
    set: (kind, value) => written(kind, value, kind.maxAgeSeconds),
    clear: (kind) => written(kind, '', 0),
    get: ({ name }, request) => {
      const full = isPlain ? name : `__Host-${name}`
      return parse(request.headers.get('cookie') ?? '', full)[full]
    },
  }
}
