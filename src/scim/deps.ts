/**
 * What the SCIM endpoint is handed by whoever composes the application: it knows neither how a caller is told nor where
 * failures are written down.
 */
import type { Admission, Admit } from '../auth/admit.ts'
import type { Seal } from '../auth/seal.ts'
import type { Gate } from '../directory/gate.ts'
import type { Source } from '../directory/user.ts'
import type { Turns } from '../limits/turns.ts'
import type { Store } from '../store/store.ts'

export type Caller = Extract<Admission, { readonly kind: 'ok' }>

/** Whoever looks at records: a caller, or an administrator at the command line. */
export type Viewer = { readonly institution: { readonly _id: string }; readonly source: Source }

export type ScimDeps = {
  readonly store: Store
  readonly gate: Gate
  /** At large bodies, the same for all channels. */
  readonly turns: Turns
  /** Keeps cursors from being made up. */
  readonly seal: Seal
  /** Without a slash at its end. */
  readonly publicUrl: string
  /**
   * Authentication, scope and rate in one: asked once at each request but those for /ServiceProviderConfig.
   * Answering without a Promise keeps a read on the short way.
   */
  readonly admit: Admit
  /** Told of what must not happen; the client gets a 500 without the inside. */
  readonly failed: (error: unknown, request: Request) => void
}
