/**
 * The two cookies of a sign-in.
 */
import type { CookieKind } from '../auth/cookies.ts'
import { REMEMBERED_MS } from './sign-in-request.ts'

/** From which browser a sign-in was begun: it has to come back there. */
export const BROWSER: CookieKind = { name: 'sign-in', sameSite: 'none', maxAgeSeconds: REMEMBERED_MS / 1000 }

/** Each institution has a session of its own. */
export function sessionCookie(institution: string): CookieKind {
  return { name: `session-${institution}`, sameSite: 'lax' }
}
