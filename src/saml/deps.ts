/**
 * What the service provider is handed by whoever composes the application.
 */
import type { Admit } from '../auth/admit.ts'
import type { Cookies } from '../auth/cookies.ts'
import type { SigningKeys } from '../auth/signing-keys.ts'
import type { Gate } from '../directory/gate.ts'
import type { RateLimiter } from '../limits/rate.ts'
import type { Log } from '../observe/log.ts'
import type { Store } from '../store/store.ts'
import type { HurriedRefresh } from './metadata-refresh.ts'
import type { ServiceProvider } from './service-provider.ts'

export type SamlDeps = {
  readonly store: Store
  readonly gate: Gate
  /** Without a slash at its end. */
  readonly publicUrl: string
  readonly log: Log
  readonly limiter: RateLimiter
  readonly cookies: Cookies
  readonly signingKeys: SigningKeys
  readonly sp: ServiceProvider
  /** For responses that were signed with a key that nobody here knows. */
  readonly refresh: HurriedRefresh
  /** For platforms that exchange codes: a token of scope `api`. */
  readonly admit: Admit
  /** Told of each sign-in that ended: `accepted`, or the code of the reason. */
  readonly ended: (result: string) => void
  /** Told of what must not happen; the person gets a page without the inside. */
  readonly failed: (error: unknown, request: Request) => void
}
