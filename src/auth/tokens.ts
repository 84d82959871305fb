/**
 * Bearer tokens: 256 random bits behind a prefix that scanners of leaked secrets can know. The store has the SHA-256
 * alone; the token itself is shown once, to whoever made it. Each belongs to one institution, scope and source.
 */
import { allDocs } from '../directory/each-doc.ts'
import { newId } from '../directory/ids.ts'
import type { Actor } from '../directory/institution-changes.ts'
import type { Channel, Source } from '../directory/user.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Doc, Store } from '../store/store.ts'
import { hashOf, newSecret } from './secrets.ts'

export const SCOPES = ['scim', 'api', 'files', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** The channel through which what a token writes comes in. */
export const CHANNEL_OF = { scim: 'scim', api: 'api', files: 'file', admin: 'admin' } as const satisfies Record<Scope, Channel>

export type Token = Doc & {
  readonly keys: { readonly hash: string }
  readonly scope: Scope
  /** Outlives the token: its successor takes the same one. */
  readonly source: Source
  readonly name?: string
  /** Epoch milliseconds. */
  readonly created: number
  readonly validUntil?: number
}

const PREFIX = 'mtr_'
export const TOKEN_LENGTH = 47
const SHAPE = /^mtr_[A-Za-z0-9_-]{43}$/

/** @returns the token's text beside its record: it cannot be had again */
export async function createToken(
  store: Store,
  given: {
    readonly institution: string
    readonly scope: Scope
    readonly source?: Source
    readonly name?: string
    readonly validUntil?: number
    readonly by: Actor
    readonly now: number
  },
): Promise<{ text: string; token: Token }> {
  const { institution, scope, source = CHANNEL_OF[scope], name, validUntil, by, now } = given
  const text = PREFIX + newSecret()
  const token: Token = {
    _id: newId(now),
    institution,
    version: newId(now),
    keys: { hash: hashOf(text) },
    scope,
    source,
    ...(name !== undefined && { name }),
    created: now,
    ...(validUntil !== undefined && { validUntil }),
  }
  const event = eventOf('token.created', token, by, now)
  const [result] = await store.write([{ collection: 'tokens', op: 'insert', doc: token, events: [event] }])
  if (result?.kind !== 'ok') throw new Error(`a new token could not be stored: ${result?.kind}`)
  return { text, token }
}

/** @returns the revoked token, or undefined when the institution has none with this id */
export async function revokeToken(
  store: Store,
  given: { readonly institution: string; readonly id: string; readonly by: Actor; readonly now: number },
): Promise<Token | undefined> {
  const { institution, id, by, now } = given
  const token = (await store.get('tokens', institution, id)) as Token | undefined
  if (!token) return
  const event = eventOf('token.revoked', token, by, now)
  const [result] = await store.write([
    { collection: 'tokens', op: 'delete', institution, id, expected: token.version, events: [event] },
  ])
  return result?.kind === 'ok' ? token : undefined
}

/** In the order in which they were made. */
export async function listTokens(store: Store, institution: string): Promise<Token[]> {
  return (await allDocs(store, 'tokens', institution, EVERYTHING)) as Token[]
}

/** Asks the store by hash: whoever can time the look-up learns nothing about a token from it. */
export async function findToken(store: Store, institution: string, text: string): Promise<Token | undefined> {
  const [token] = await store.lookUp('tokens', institution, { keys: { hash: [hashOf(text)] } })
  return token as Token | undefined
}

/** Whether it can be one of ours at all, told without asking the store. */
export function looksLikeToken(text: string): boolean {
  return text.length === TOKEN_LENGTH && SHAPE.test(text)
}

function eventOf(kind: string, token: Token, by: Actor, now: number): Doc {
  const id = newId(now)
  const { _id, institution, scope, source, name, validUntil } = token
  const about = { scope, source, ...(name !== undefined && { name }), ...(validUntil !== undefined && { validUntil }) }
  const side = kind === 'token.created' ? 'new' : 'old'
  const differences = Object.entries(about).map(([slot, value]) => ({ slot: `token.${slot}`, [side]: value }))
  return { _id: id, institution, version: id, subject: _id, kind, at: now, ...by, differences }
}
