/**
 * Secrets at rest that must be read again: sealed with AES-256-GCM under keys that are derived from SECRET_KEY, one for
 * each purpose (HKDF-SHA256, RFC 5869). What a secret is for and whose it is are bound to it: moved elsewhere in the
 * store it does not open.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

export type Seal = {
  /** Tells one SECRET_KEY from another, and nothing else of it. */
  readonly keyId: string
  /**
   * @param purpose what kind of secret it is, for example `webhook`
   * @param context whose it is, for example the institution's id
   * @returns text for the store: `sealed.1.KEY.…`, another one each time
   */
  seal(purpose: string, context: string, secret: string): string
  /** @throws {SealError} when it was sealed under another key, for something else, or is damaged */
  open(purpose: string, context: string, sealed: string): string
  /** Whether it was sealed under this key. */
  isOwn(sealed: string): boolean
}

/** Its message says what to mend, and nothing of the secret. */
export class SealError extends Error {
  override name = 'SealError'
}

const PREFIX = 'sealed.1'
const SHAPE = /^sealed\.1\.([\w-]{8})\.([\w-]{38,})$/
const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Whether the text is a sealed secret, whoever can open it. */
export function isSealed(text: string): boolean {
  return SHAPE.test(text)
}

export function sealWith(secretKey: string): Seal {
  const derive = (info: string, bytes: number) => Buffer.from(hkdfSync('sha256', secretKey, 'matricula', info, bytes))
  const keyId = derive('key id', 6).toString('base64url')
  const keys = new Map<string, Buffer>()

  return {
    keyId,
    seal(purpose, context, secret) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(CIPHER, keyFor(purpose), nonce).setAAD(boundTo(purpose, context))
      const hidden = [nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]
      return `${PREFIX}.${keyId}.${Buffer.concat(hidden).toString('base64url')}`
    },
    open(purpose, context, sealed) {
      const [, under, text] = SHAPE.exec(sealed) ?? []
      const what = `the secret for ${purpose} of ${context}`
      if (under === undefined || text === undefined) throw new SealError(`${what} is not sealed, or not by this program`)
      if (under !== keyId) throw new SealError(`${what} was sealed under another key: ${WHICH_KEY}`)
      try {
        return opened(Buffer.from(text, 'base64url'), purpose, context)
      } catch (error) {
        throw new SealError(`${what} is damaged, or was sealed for something else`, { cause: error })
      }
    },
    isOwn: (sealed) => SHAPE.exec(sealed)?.[1] === keyId,
  }

  function opened(hidden: Buffer, purpose: string, context: string): string {
    const decipher = createDecipheriv(CIPHER, keyFor(purpose), hidden.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    decipher.setAAD(boundTo(purpose, context)).setAuthTag(hidden.subarray(-TAG_BYTES))
    return decipher.update(hidden.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
  }

  function keyFor(purpose: string): Buffer {
    const known = keys.get(purpose)
    if (known) return known
    const key = derive(`seal ${purpose}`, 32)
    keys.set(purpose, key)
    return key
  }
}

const WHICH_KEY =
  'every process on a store needs the same SECRET_KEY (or the same secret.key in DATA_DIR), also after a move or a restore'

function boundTo(purpose: string, context: string): Buffer {
  return Buffer.from(JSON.stringify([PREFIX, purpose, context]))
}
