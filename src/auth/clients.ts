/**
 * OAuth clients of an institution (RFC 6749 section 2): machines that ask for short-lived tokens. A client proves itself by
 * a secret, of which it may have several, so that one can follow another without a gap, or by keys of its own. The store
 * has the SHA-256 of a secret alone; the secret itself is shown once.
 */
import { timingSafeEqual } from 'node:crypto'
import { allDocs } from '../directory/each-doc.ts'
import { newId } from '../directory/ids.ts'
import type { Actor } from '../directory/institution-changes.ts'
import type { Source } from '../directory/user.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Doc, Store } from '../store/store.ts'
import type { KeysOf } from './key-sets.ts'
import { hashOf, newSecret } from './secrets.ts'
import type { Scope } from './tokens.ts'
import { CHANNEL_OF } from './tokens.ts'

export type Client = Doc & {
  readonly scope: Scope
  readonly source: Source
  readonly name?: string
  /** Epoch milliseconds. */
  readonly created: number
  readonly secrets: readonly ClientSecret[]
  /** Public keys by which it signs its assertions (RFC 7523). */
  readonly publicKeys?: KeysOf
}

export type ClientSecret = {
  readonly id: string
  readonly hash: string
  /** Epoch milliseconds, as `validUntil`. */
  readonly created: number
  readonly validUntil: number
}

const PREFIX = 'mcs_'
/** One in use, one to follow, and some that were forgotten. */
export const MOST_SECRETS = 5
/** Compared with where there is nothing to compare with, so that it takes as long: the hash of no text that is known. */
const NO_SECRET: ClientSecret = { id: '', hash: 'A'.repeat(43), created: 0, validUntil: Infinity }

type By = { readonly institution: string; readonly by: Actor; readonly now: number }

/** @returns beside the client its secret, which cannot be had again; none where it has keys */
export async function createClient(
  store: Store,
  given: By & {
    readonly scope: Scope
    readonly source?: Source
    readonly name?: string
    readonly proof: { readonly secretUntil: number } | { readonly publicKeys: KeysOf }
  },
): Promise<{ client: Client; secret?: string }> {
  const { institution, scope, source = CHANNEL_OF[scope], name, proof, by, now } = given
  const made = 'secretUntil' in proof ? newClientSecret(now, proof.secretUntil) : undefined
  const client: Client = {
    _id: newId(now),
    institution,
    version: newId(now),
    scope,
    source,
    ...(name !== undefined && { name }),
    created: now,
    secrets: made ? [made.secret] : [],
    ...('publicKeys' in proof && { publicKeys: proof.publicKeys }),
  }
  const event = eventOf('client.created', client, by, now)
  const [result] = await store.write([{ collection: 'clients', op: 'insert', doc: client, events: [event] }])
  if (result?.kind !== 'ok') throw new Error(`a new client could not be stored: ${result?.kind}`)
  return { client, ...(made && { secret: made.text }) }
}

export type Rotated =
  | { readonly kind: 'rotated'; readonly client: Client; readonly secret: string }
  | { readonly kind: 'missing' }
  /** It has as many live secrets as it may. */
  | { readonly kind: 'full' }

/** Gives the client one more secret; those that are over are dropped. */
export async function rotateClient(store: Store, given: By & { readonly id: string; readonly until: number }): Promise<Rotated> {
  const { institution, id, until, by, now } = given
  const client = await getClient(store, institution, id)
  if (!client) return { kind: 'missing' }
  const live = liveSecrets(client, now)
  if (live.length >= MOST_SECRETS) return { kind: 'full' }
  const { text, secret } = newClientSecret(now, until)
  const next: Client = { ...client, version: newId(now), secrets: [...live, secret] }
  const event = eventOf('client.rotated', next, by, now)
  const [result] = await store.write([
    { collection: 'clients', op: 'replace', doc: next, expected: client.version, events: [event] },
  ])
  // Somebody else was faster: once more on what they made.
  return result?.kind === 'ok' ? { kind: 'rotated', client: next, secret: text } : rotateClient(store, given)
}

/**
 * Ends a client, or one of its secrets: what was signed in with it is refused within five seconds.
 * @returns the client as it was, or undefined when there is none, or no such secret
 */
export async function revokeClient(
  store: Store,
  given: By & { readonly id: string; readonly secret?: string },
): Promise<Client | undefined> {
  const { institution, id, secret, by, now } = given
  const client = await getClient(store, institution, id)
  if (!client || (secret !== undefined && !client.secrets.some((one) => one.id === secret))) return
  const event = eventOf(secret === undefined ? 'client.revoked' : 'client.secret_revoked', client, by, now)
  const next: Client = { ...client, version: newId(now), secrets: client.secrets.filter((one) => one.id !== secret) }
  const common = { collection: 'clients', expected: client.version, events: [event] } as const
  const [result] = await store.write([
    secret === undefined ? { ...common, op: 'delete', institution, id } : { ...common, op: 'replace', doc: next },
  ])
  return result?.kind === 'ok' ? client : revokeClient(store, given)
}

export async function getClient(store: Store, institution: string, id: string): Promise<Client | undefined> {
  return looksLikeClient(id) ? ((await store.get('clients', institution, id)) as Client | undefined) : undefined
}

/** In the order in which they were made. */
export async function listClients(store: Store, institution: string): Promise<Client[]> {
  return (await allDocs(store, 'clients', institution, EVERYTHING)) as Client[]
}

/** Whether it can be the id of a client at all. */
export function looksLikeClient(id: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)
}

/**
 * Takes the same time whether the client is known, and whether it has one secret or none.
 * @returns which of its live secrets it is
 */
export function secretIn(client: Client | undefined, text: string, now: number): ClientSecret | undefined {
  const given = Buffer.from(hashOf(text))
  const live = client ? liveSecrets(client, now) : []
  let found: ClientSecret | undefined
  for (const secret of live.length > 0 ? live : [NO_SECRET]) {
    if (timingSafeEqual(Buffer.from(secret.hash), given)) found = secret
  }
  return found
}

export function liveSecrets({ secrets }: Client, now: number): ClientSecret[] {
  return secrets.filter(({ validUntil }) => validUntil > now)
}

function newClientSecret(now: number, validUntil: number): { text: string; secret: ClientSecret } {
  const text = PREFIX + newSecret()
  return { text, secret: { id: newId(now), hash: hashOf(text), created: now, validUntil } }
}

function eventOf(kind: string, client: Client, by: Actor, now: number): Doc {
  const id = newId(now)
  const { _id, institution, scope, source, name, secrets, publicKeys } = client
  const about = {
    scope,
    source,
    ...(name !== undefined && { name }),
    secrets: secrets.map(({ id: secret, validUntil }) => ({ id: secret, validUntil })),
    ...(publicKeys && { keys: publicKeys }),
  }
  const side = kind === 'client.revoked' ? 'old' : 'new'
  const differences = Object.entries(about).map(([slot, value]) => ({ slot: `client.${slot}`, [side]: value }))
  return { _id: id, institution, version: id, subject: _id, kind, at: now, ...by, differences }
}
