/**
 * Public keys of others (RFC 7517): as they stand in the settings, or fetched from where their owner publishes them. Fetched
 * ones are remembered, fetched again when they are old or a key is asked for that is not among them, but never more than
 * twice a minute, whoever asks for what; where the owner cannot be reached they serve on for a day.
 */
import type { JSONWebKeySet, JWK, JWTVerifyGetKey } from 'jose'
import { createLocalJWKSet, errors } from 'jose'
import type { Ask } from '../limits/outbound.ts'
import { askOutside } from '../limits/outbound.ts'

export type KeysOf = { readonly jwks: readonly JWK[] } | { readonly jwksUrl: string }

/** What `jwtVerify` takes: finds the key by the `kid` and `alg` of a token's header, which are compared and nothing else. */
export type KeySets = (of: KeysOf) => JWTVerifyGetKey

export type KeySetsOptions = {
  /** Whether only this machine can reach the server: then keys may be fetched from this machine. */
  readonly isLocal: boolean
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number
  /** @param place the address without its query, which may be somebody's secret */
  readonly onFailure: (place: string, why: string) => void
  readonly timeoutMs?: number
  /** By which they are fetched. */
  readonly ask?: Ask
}

const TIMEOUT_MS = 5000
const MAX_BYTES = 256 * 1024
const MAX_KEYS = 100
const FRESH_MS = 10 * 60_000
const USABLE_MS = 24 * 3_600_000
const BETWEEN_MS = 30_000

/** Times are `-Infinity` where it has not happened yet. */
type Remote = {
  find: ReturnType<typeof createLocalJWKSet> | undefined
  fetchedAt: number
  askedAt: number
  asking: Promise<void> | undefined
}

export function openKeySets(options: KeySetsOptions): KeySets {
  const { isLocal, now, onFailure, timeoutMs = TIMEOUT_MS, ask: askFor = askOutside } = options
  const remotes = new Map<string, Remote>()
  /** A set reads its keys once: kept for as long as the settings that hold them are remembered as they are. */
  const locals = new WeakMap<readonly JWK[], JWTVerifyGetKey>()

  return (of) => {
    if ('jwks' in of) return localOf(of.jwks)
    return async (header, token) => {
      const remote = remoteAt(of.jwksUrl)
      if (now() - remote.fetchedAt >= FRESH_MS) await ask(remote, of.jwksUrl)
      try {
        return await find(remote)(header, token)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
        await ask(remote, of.jwksUrl)
        return find(remote)(header, token)
      }
    }
  }

  function localOf(jwks: readonly JWK[]): JWTVerifyGetKey {
    const known = locals.get(jwks) ?? createLocalJWKSet({ keys: [...jwks] })
    locals.set(jwks, known)
    return known
  }

  function remoteAt(url: string): Remote {
    const known = remotes.get(url)
    if (known) return known
    const remote: Remote = { find: undefined, fetchedAt: -Infinity, askedAt: -Infinity, asking: undefined }
    remotes.set(url, remote)
    return remote
  }

  function find({ find: found, fetchedAt }: Remote): ReturnType<typeof createLocalJWKSet> {
    if (found && now() - fetchedAt < USABLE_MS) return found
    throw new errors.JWKSNoMatchingKey()
  }

  function ask(remote: Remote, url: string): Promise<void> {
    if (remote.asking !== undefined) return remote.asking
    if (now() - remote.askedAt < BETWEEN_MS) return Promise.resolve()
    remote.askedAt = now()
    remote.asking = fetchKeys(url)
      .then((keys) => {
        remote.find = createLocalJWKSet(keys)
        remote.fetchedAt = now()
      })
      .catch((error) => onFailure(placeOf(url), error instanceof Error ? error.message : String(error)))
      .finally(() => {
        remote.asking = undefined
      })
    return remote.asking
  }

  async function fetchKeys(url: string): Promise<JSONWebKeySet> {
    const headers = { accept: 'application/jwk-set+json, application/json' }
    const { status, body, isCut } = await askFor({ url, headers, timeoutMs, maxBytes: MAX_BYTES, isLocal })
    if (status !== 200) throw new Error(`it answered ${status}`)
    if (isCut) throw new Error(`it answered more than ${MAX_BYTES} bytes`)
    const { keys } = Object(JSON.parse(body.toString('utf8'))) as { keys?: unknown }
    if (!Array.isArray(keys)) throw new Error('it answered no JWK Set')
    if (keys.length > MAX_KEYS) throw new Error(`it answered more than ${MAX_KEYS} keys`)
    return { keys }
  }
}

function placeOf(url: string): string {
  return url.replace(/\?.*$/s, '')
}
