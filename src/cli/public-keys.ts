/**
 * The public keys of a client as an administrator has them: an address, a JWK Set in a file, or a PEM file.
 */
import { createPublicKey } from 'node:crypto'
import type { JWK } from 'jose'
import type { KeysOf } from '../auth/key-sets.ts'
import { isLoopback } from '../config.ts'
import { hostFrom } from '../host.ts'
import { Misuse, Refusal } from './command.ts'
import { contentOf } from './content.ts'

/** @throws {Refusal} when there are none, or one of them is private */
export async function publicKeysIn(found: string): Promise<KeysOf> {
  if (/^https?:\/\//i.test(found)) return { jwksUrl: urlIn(found) }
  const text = await contentOf(found)
  const jwks = keysIn(text)
  if (jwks.length === 0) throw new Refusal(`${found} holds no public keys; it should be a JWK Set or a PEM public key`)
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) || jwks.some((key) => 'd' in key || 'k' in key))
    throw new Refusal(`${found} holds a private key: it belongs to the client alone; give the public part of a new one`)
  return { jwks }
}

function urlIn(found: string): string {
  const url = URL.canParse(found) ? new URL(found) : undefined
  if (url && url.username === '' && (url.protocol === 'https:' || isLoopback(hostFrom(url.hostname)))) return found
  throw new Misuse(`--keys is "${found}"; an address should be an https URL`)
}

function keysIn(text: string): JWK[] {
  try {
    if (text.includes('-----BEGIN ')) return [createPublicKey(text).export({ format: 'jwk' }) as JWK]
    const { keys } = Object(JSON.parse(text)) as { keys?: unknown }
    return Array.isArray(keys) ? keys.filter((key): key is JWK => typeof Object(key).kty === 'string') : []
  } catch {
    return []
  }
}
