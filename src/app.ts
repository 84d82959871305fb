/**
 * The whole HTTP application, on Node: the channels that are everywhere, uploads of files, and sign-ins.
 */
import { cookies } from './auth/cookies.ts'
import type { App, ServerOptions } from './channels.ts'
import { serveChannels } from './channels.ts'
import { isLocalOnly, isPlainLoopback } from './config.ts'
import { filesApp } from './flatfile/app.ts'
import type { Run } from './flatfile/run-record.ts'
import type { Metrics } from './observe/metrics.ts'
import { samlApp } from './saml/app.ts'
import { openHurriedRefresh, refreshTo } from './saml/metadata-refresh.ts'
import { openServiceProvider } from './saml/service-provider.ts'

export type AppOptions = ServerOptions & {
  readonly metrics: Metrics
  /** Where uploaded files are kept; without it none are taken. */
  readonly dataDir?: string
  /** Told of each file that came in. */
  readonly onFile?: (run: Run) => void
}

export function createApp({ dataDir, onFile, ...options }: AppOptions): App {
  const { store, publicUrl, log, metrics, seal } = options
  return serveChannels(options, ({ channel, limiter, signingKeys }) => ({
    ...(dataDir !== undefined && { files: filesApp({ ...channel('files'), dataDir, onWaiting: onFile }) }),
    saml: samlApp({
      ...channel('api'),
      log,
      limiter,
      signingKeys,
      ended: metrics.signIn,
      cookies: cookies(isPlainLoopback(publicUrl)),
      sp: openServiceProvider({ store, seal, publicUrl }),
      refresh: openHurriedRefresh({ store, isLocal: isLocalOnly(publicUrl), ...refreshTo(log) }),
    }),
  }))
}
