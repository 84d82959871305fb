/**
 * Secrets that are made here and known to whoever was given them alone: tokens, secrets of clients, sessions, codes. The
 * store has their SHA-256.
 */
import { hash, randomBytes } from 'node:crypto'

/** 256 random bits, in 43 characters that stand in a URL as they are. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** Whether it can be one at all. */
export function isSecret(text: string): boolean {
  return /^[\w-]{43}$/.test(text)
}

/** What the store has of a secret, or of a text that begins with its kind. */
export function hashOf(secret: string): string {
  return hash('sha256', secret, 'base64url')
}
