/**
 * What the REST endpoint is handed by whoever composes the application: it knows neither how a caller is told nor where
 * failures are written down.
 */
import type { Admission, Admit } from '../auth/admit.ts'
import type { Gate } from '../directory/gate.ts'
import type { Turns } from '../limits/turns.ts'
import type { Store } from '../store/store.ts'

export type Caller = Extract<Admission, { readonly kind: 'ok' }>

export type ApiDeps = {
  readonly store: Store
  readonly gate: Gate
  /** At large bodies, the same for all channels. */
  readonly turns: Turns
  /** Without a slash at its end. */
  readonly publicUrl: string
  /** Authentication, scope and rate in one: asked once at each request but those for the description of the API. */
  readonly admit: Admit
  /** Told of what must not happen; the client gets a 500 without the inside. */
  readonly failed: (error: unknown, request: Request) => void
  /** Epoch milliseconds; for tests. */
  readonly now?: () => number
}

/** One request of a caller who may make it. */
export type Exchange = {
  readonly request: Request
  readonly caller: Caller
  /** URL of the institution's REST endpoint, without a slash at its end. */
  readonly base: string
  readonly query: URLSearchParams
}
