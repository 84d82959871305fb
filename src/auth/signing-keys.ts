/**
 * What this server signs its JWTs with: a key pair (ES256) for each month, in the store for all processes, the private
 * half sealed. A key is made at first need, a day before its month, and stays published until every token that it
 * signed has ended. Each SECRET_KEY has keys of its own: where it was lost, new ones are made, and old tokens still hold.
 */
import { randomUUID } from 'node:crypto'
import type { CryptoKey, JSONWebKeySet, JWK, JWTPayload } from 'jose'
import { createLocalJWKSet, errors, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, jwtVerify, SignJWT } from 'jose'
import { DAY_MS } from '../days.ts'
import { allDocs } from '../directory/each-doc.ts'
import { freshCache } from '../directory/fresh-cache.ts'
import { newId } from '../directory/ids.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Doc, Store } from '../store/store.ts'
import { HOUSE } from '../store/store.ts'
import type { Seal } from './seal.ts'

const ALG = 'ES256'
const MONTH_MS = 30 * DAY_MS
const LONGEST_TOKEN_MS = DAY_MS
const PURPOSE = 'signing key'

export type SigningKeys = {
  /**
   * A JWT with these claims and `iat`, `exp` and `jti`.
   * @param about `type` is its `typ`, which tells tokens for different uses apart (RFC 8725 3.11); `seconds` at most a day
   */
  sign(claims: Claims, about: { readonly type: string; readonly seconds: number }): Promise<string>
  /** @returns what a token that this server signed claims; undefined when it did not, or the token is over or not for this */
  verify(token: string, wanted: Wanted): Promise<JWTPayload | undefined>
  /** The public keys (RFC 7517). */
  published(): Promise<JSONWebKeySet>
}

type Claims = JWTPayload & { readonly iss: string; readonly aud: string; readonly sub: string }
type Wanted = { readonly type: string; readonly issuer: string; readonly audience: string }

/** `_id` is the key's `kid`; the private half is PKCS #8, sealed. */
type SigningKey = Doc & { readonly publicKey: JWK; readonly privateKey: string }

type Known = { readonly keys: readonly SigningKey[]; readonly find: ReturnType<typeof createLocalJWKSet> }

/** @param clock `now` in epoch milliseconds; `monotonic` for ages, on a clock that never goes back */
export function openSigningKeys(
  store: Store,
  seal: Seal,
  clock: { readonly now: () => number; readonly monotonic: () => number },
): SigningKeys {
  const cache = freshCache<Known>({ load: async () => knownFrom(await load()), now: clock.monotonic })
  const opened = new Map<string, CryptoKey>()
  const kidAt = (time: number) => `${Math.floor(time / MONTH_MS)}.${seal.keyId}`

  return {
    async sign(claims, { type, seconds }) {
      if (seconds * 1000 > LONGEST_TOKEN_MS) throw new Error('a token may not outlive the key that it is checked with')
      const now = clock.now()
      const issued = Math.floor(now / 1000)
      return new SignJWT({ ...claims, iat: issued, exp: issued + seconds, jti: randomUUID() })
        .setProtectedHeader({ alg: ALG, typ: type, kid: kidAt(now) })
        .sign(await privateKey(kidAt(now)))
    },
    async verify(token, { type, ...wanted }) {
      const { find } = await known()
      try {
        const currentDate = new Date(clock.now())
        const { payload } = await jwtVerify(token, find, { ...wanted, typ: type, algorithms: [ALG], currentDate })
        return payload
      } catch (error) {
        if (error instanceof errors.JOSEError) return
        throw error
      }
    },
    async published() {
      return { keys: (await known()).keys.map(({ publicKey }) => publicKey) }
    },
  }

  async function known(): Promise<Known> {
    const found = await cache.get('')
    if (!found) throw new Error('no signing keys were loaded')
    return found
  }

  /** All that are published, among them those of now and of tomorrow, which are made when they are missing. */
  async function load(): Promise<SigningKey[]> {
    const now = clock.now()
    const keys = await storedKeys()
    const isMissing = (time: number) => !keys.some(({ _id }) => _id === kidAt(time))
    const missing = [...new Set([now, now + DAY_MS].filter(isMissing).map((time) => Math.floor(time / MONTH_MS)))]
    if (missing.length === 0) return keys
    const docs = await Promise.all(missing.map((month) => makeKey(month)))
    // Where another process was faster, its key is the one.
    await store.write(docs.map((doc) => ({ collection: 'signingKeys', op: 'insert', doc })))
    return storedKeys()
  }

  async function storedKeys(): Promise<SigningKey[]> {
    return (await allDocs(store, 'signingKeys', HOUSE, EVERYTHING)) as SigningKey[]
  }

  async function makeKey(month: number): Promise<SigningKey> {
    const kid = kidAt(month * MONTH_MS)
    const pair = await generateKeyPair(ALG, { extractable: true })
    const [publicKey, privateKey] = await Promise.all([exportJWK(pair.publicKey), exportPKCS8(pair.privateKey)])
    return {
      _id: kid,
      institution: HOUSE,
      version: newId(clock.now()),
      publicKey: { ...publicKey, kid, alg: ALG, use: 'sig' },
      privateKey: seal.seal(PURPOSE, kid, privateKey),
      expires: (month + 1) * MONTH_MS + LONGEST_TOKEN_MS,
    }
  }

  async function privateKey(kid: string): Promise<CryptoKey> {
    const before = opened.get(kid)
    if (before) return before
    const key = await keyWith(kid)
    const made = await importPKCS8(seal.open(PURPOSE, kid, key.privateKey), ALG)
    opened.set(kid, made)
    return made
  }

  async function keyWith(kid: string): Promise<SigningKey> {
    const find = async () => (await known()).keys.find(({ _id }) => _id === kid)
    const found = await find()
    if (found) return found
    // Its month has begun since the keys were looked at last.
    cache.forget('')
    const made = await find()
    if (made) return made
    throw new Error(`the signing key ${kid} was made and is not there`)
  }
}

function knownFrom(keys: readonly SigningKey[]): Known {
  return { keys, find: createLocalJWKSet({ keys: keys.map(({ publicKey }) => publicKey) }) }
}
