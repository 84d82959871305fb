/**
 * The keys of an institution's service provider, the private halves sealed: made at first need, replaced in two steps,
 * so that identity providers have time to learn of the next one before it signs (`matricula saml rollover`).
 */
import { createPrivateKey, generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import type { Seal } from '../auth/seal.ts'
import { DAY_MS } from '../days.ts'
import { freshCache } from '../directory/fresh-cache.ts'
import { newId } from '../directory/ids.ts'
import type { Actor } from '../directory/institution-changes.ts'
import type { Doc, Store } from '../store/store.ts'
import { selfSigned } from './self-signed.ts'
import type { Signer } from './sign.ts'

export type SpKeys = {
  /** Signs what is sent. */
  readonly signer: Signer
  /** Bare base64, that of the signer first; the next one beside it during a rollover. */
  readonly certificates: readonly string[]
  /** Private keys, PEM: those of the certificates, and the one that was replaced last. */
  readonly decryptionKeys: readonly string[]
}

export type SpKeyRing = {
  /** Makes the first key where there is none. @throws {SealError} */
  get(institution: string): Promise<SpKeys>
  /** Undefined where none was needed so far. @throws {SealError} */
  known(institution: string): Promise<SpKeys | undefined>
}

type SpKey = {
  /** `next` is published and decrypts; `signing` signs as well; `retired` decrypts what is still under way. */
  readonly state: 'signing' | 'next' | 'retired'
  readonly certificate: string
  /** PKCS #8 in PEM, sealed. */
  readonly privateKey: string
}

/** One for each institution, which is its `_id`. */
type SpKeysDoc = Doc & { readonly ring: readonly SpKey[] }

const COLLECTION = 'samlKeys'
const PURPOSE = 'saml key'
const LASTS_MS = 10 * 365 * DAY_MS
const MODULUS_BITS = 2048
const generate = promisify(generateKeyPair)

/** @param clock `now` in epoch milliseconds; `monotonic` for ages, on a clock that never goes back */
export function openSpKeys(
  store: Store,
  seal: Seal,
  clock: { readonly now: () => number; readonly monotonic: () => number },
): SpKeyRing {
  const load = async (institution: string) => {
    const doc = await storedKeys(store, institution)
    return doc && openedKeys(doc, seal)
  }
  const make = async (institution: string) => {
    const doc = { ...head(institution, clock.now()), ring: [await makeKey('signing', institution, seal, clock.now())] }
    // Where another process was faster, its key is the one.
    await store.write([{ collection: COLLECTION, op: 'insert', doc }])
    return load(institution)
  }
  const known = freshCache<SpKeys>({ load, now: clock.monotonic })
  // Anybody may ask for metadata: of all who ask before there is a key, one has it made.
  const made = freshCache<SpKeys>({
    load: async (institution) => (await load(institution)) ?? make(institution),
    now: clock.monotonic,
  })
  return {
    known: async (institution) => known.get(institution),
    async get(institution) {
      const keys = await made.get(institution)
      if (keys) return keys
      throw new Error(`the SAML keys of ${institution} were made and are not there`)
    },
  }
}

export type RolledOver = { readonly kind: 'begun' | 'finished' | 'begunAlready' | 'notBegun' }

/** Publishes a next key beside the one that signs. */
export function beginRollover(store: Store, seal: Seal, by: RolloverActor): Promise<RolledOver> {
  return rollOver(store, by, 'begun', async (keys) => {
    // One that was lost with its SECRET_KEY would never sign.
    if (keys.some(({ state, privateKey }) => state === 'next' && seal.isOwn(privateKey))) return 'begunAlready'
    const kept = keys.filter(({ state }) => state === 'signing')
    const first = kept.length > 0 ? kept : [await makeKey('signing', by.institution, seal, by.now)]
    return [...first, await makeKey('next', by.institution, seal, by.now)]
  })
}

/**
 * Lets the next key sign; the one before is published no longer and decrypts what is still under way, unless it was lost
 * with the SECRET_KEY that had sealed it.
 * @throws {SealError} when the next key was sealed under another one
 */
export function finishRollover(store: Store, seal: Seal, by: RolloverActor): Promise<RolledOver> {
  return rollOver(store, by, 'finished', async (keys) => {
    const next = keys.find(({ state }) => state === 'next')
    if (next === undefined) return 'notBegun'
    seal.open(PURPOSE, by.institution, next.privateKey)
    const before = keys.filter(({ state, privateKey }) => state === 'signing' && seal.isOwn(privateKey))
    return [{ ...next, state: 'signing' }, ...before.map((key) => ({ ...key, state: 'retired' as const }))]
  })
}

export type RolloverActor = { readonly institution: string; readonly by: Actor; readonly now: number }

async function rollOver(
  store: Store,
  { institution, by, now }: RolloverActor,
  done: 'begun' | 'finished',
  change: (keys: readonly SpKey[]) => Promise<readonly SpKey[] | 'begunAlready' | 'notBegun'>,
): Promise<RolledOver> {
  for (;;) {
    const current = await storedKeys(store, institution)
    const ring = await change(current?.ring ?? [])
    if (typeof ring === 'string') return { kind: ring }
    const doc: SpKeysDoc = { ...head(institution, now), ring }
    const { version } = doc
    const event = { _id: version, institution, version, subject: institution, kind: `saml_keys.rollover_${done}`, at: now, ...by }
    const [written] = await store.write([
      current === undefined
        ? { collection: COLLECTION, op: 'insert', doc, events: [event] }
        : { collection: COLLECTION, op: 'replace', doc, expected: current.version, events: [event] },
    ])
    if (written?.kind === 'ok') return { kind: done }
  }
}

function head(institution: string, now: number): Pick<Doc, '_id' | 'institution' | 'version'> {
  return { _id: institution, institution, version: newId(now) }
}

async function storedKeys(store: Store, institution: string): Promise<SpKeysDoc | undefined> {
  return (await store.get(COLLECTION, institution, institution)) as SpKeysDoc | undefined
}

async function makeKey(state: SpKey['state'], institution: string, seal: Seal, now: number): Promise<SpKey> {
  const { privateKey } = await generate('rsa', { modulusLength: MODULUS_BITS })
  const made = selfSigned({
    privateKey,
    commonName: `${institution} Matricula`.slice(0, 64),
    notBefore: now,
    notAfter: now + LASTS_MS,
  })
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return { state, certificate: made.toString('base64'), privateKey: seal.seal(PURPOSE, institution, pem) }
}

function openedKeys({ institution, ring }: SpKeysDoc, seal: Seal): SpKeys {
  const opened = ring.map(({ state, certificate, privateKey }) => {
    return { state, certificate, pem: seal.open(PURPOSE, institution, privateKey) }
  })
  const signing = opened.find(({ state }) => state === 'signing')
  if (!signing) throw new Error(`no SAML key of ${institution} signs`)
  const published = opened.filter(({ state }) => state !== 'retired')
  return {
    signer: { privateKey: createPrivateKey(signing.pem), certificate: signing.certificate },
    certificates: published.map(({ certificate }) => certificate),
    decryptionKeys: opened.map(({ pem }) => pem),
  }
}
