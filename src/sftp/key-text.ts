/**
 * What people send when they are asked for a public key: the key's bytes are found in a line of OpenSSH, in RFC 4716
 * and in PuTTY's own files; whatever else it is gets named, with what to send instead.
 */

export const RIGHT_KEY = 'the line of an Ed25519 key, or of an RSA key of at least 2048 bits, as ssh-keygen -t ed25519 makes it'

export type KeyText =
  | {
      readonly kind: 'blob'
      /** As on the wire (RFC 4253 section 6.6). */
      readonly blob: Buffer
      /** The type that the text names beside the key. */
      readonly named?: string
      readonly comment: string
      /** What was done to it, for whoever sent it; begins with a verb. */
      readonly remark?: string
      /** The text holds the private half too: it may be read, and must not be kept. */
      readonly hasPrivateHalf?: true
    }
  /** @param reason begins with a verb, so that the name of a file or setting can stand before it */
  | { readonly kind: 'other'; readonly reason: string }

const MOST_CHARACTERS = 64 * 1024

export function readKeyText(given: string): KeyText {
  if (given.length > MOST_CHARACTERS) return other(`has ${given.length} characters; it should be ${RIGHT_KEY}`)
  // Mail programs and web pages leave marks that nobody sees.
  const text = given.replace(/[\u200b-\u200f\u2060\ufeff]/g, '').trim()
  const rows = text.split(/\r\n|\r|\n/).map((row) => row.trim())
  const named = WHAT_IT_IS.find(([sign]) => sign.test(text))
  if (named !== undefined) return other(named[1])
  if (text.startsWith('PuTTY-User-Key-File-')) return puttyFile(rows)
  if (text.startsWith(SSH2_BEGIN)) return rfc4716(rows)
  return openSshLine(rows.filter((row) => row !== '' && !row.startsWith('#')))
}

const PRIVATE = `holds a private key, which must never leave its owner: send the public half (the file that ends in .pub), or better make a new key, since this one has been seen`

/** First match wins. */
const WHAT_IT_IS: readonly (readonly [sign: RegExp, reason: string])[] = [
  [/^$/, `is empty; it should be ${RIGHT_KEY}`],
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----/, PRIVATE],
  [/-----BEGIN (?:RSA )?PUBLIC KEY-----/, 'is a public key in PEM; convert it with: ssh-keygen -i -m PKCS8 -f FILE'],
  [/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE/, `is an X.509 certificate; it should be ${RIGHT_KEY}`],
  [/-----BEGIN PGP /, `is a PGP key; it should be ${RIGHT_KEY}`],
  [
    /^(?:\d+ )?(?:SHA256:\S{20,}|MD5:[0-9a-f:]+|(?:[0-9a-f]{2}:){15}[0-9a-f]{2})/i,
    `is the fingerprint of a key; it should be ${RIGHT_KEY}`,
  ],
  [/^\d+ \d+ \d+/, `is a key of SSH 1, which is no longer in use; it should be ${RIGHT_KEY}`],
]

const SSH2_BEGIN = '---- BEGIN SSH2 PUBLIC KEY ----'
const SSH2_END = '---- END SSH2 PUBLIC KEY ----'

/** RFC 4716, as "Save public key" of PuTTYgen and `ssh-keygen -e` write it. */
function rfc4716(rows: readonly string[]): KeyText {
  const begins = rows.filter((row) => row === SSH2_BEGIN).length
  if (begins > 1) return severalKeys(begins)
  const end = rows.indexOf(SSH2_END)
  if (end < 0) return other(CUT_OFF)
  const inside = rows.slice(1, end)
  // A header goes on in the next line behind a backslash; no line of the key itself has a colon.
  const body = inside.findIndex((row, index) => !row.includes(':') && !inside[index - 1]?.endsWith('\\'))
  const header = inside.slice(0, body).join('\n').replaceAll('\\\n', '')
  return found(inside.slice(body).join(''), {
    comment: /^Comment:\s*"?(.*?)"?$/im.exec(header)?.[1] ?? '',
    remark: 'was in the format of RFC 4716, as PuTTYgen saves public keys: it was converted to one line',
  })
}

/** A .ppk file, which shows the public half in the clear. */
function puttyFile(rows: readonly string[]): KeyText {
  const field = (name: string) => rows.find((row) => row.startsWith(`${name}: `))?.slice(name.length + 2)
  const start = rows.findIndex((row) => row.startsWith('Public-Lines: '))
  const lines = Number(field('Public-Lines'))
  const isProtected = field('Encryption') !== 'none'
  const next = isProtected
    ? 'next time only the public half is needed ("Save public key" in PuTTYgen)'
    : 'the private half has no passphrase: if the file came by mail or chat, have a new key made'
  return found(rows.slice(start + 1, start + 1 + lines).join(''), {
    comment: field('Comment') ?? '',
    remark: `is a private key file of PuTTY: its public half alone was taken; ${next}`,
    hasPrivateHalf: true,
  })
}

const KEY_TYPE = /^(?:ssh-|ecdsa-|sk-|x509v3-|rsa-)[\w@.-]+$/
const KEY_START = /(?:^|\s)[a-z][\w@.-]+\s+AAAA[A-Za-z0-9+/]/

function openSshLine(rows: readonly string[]): KeyText {
  const keys = rows.filter((row) => KEY_START.test(row) || row.startsWith('AAAA')).length
  if (keys > 1) return severalKeys(keys)
  // A mail program broke the line: inside the key, or behind its type.
  const line = rows.join(rows[0]?.includes(' ') ? '' : ' ')
  const [first = '', second, ...rest] = line.split(/\s+/)
  const remark = rows.length > 1 ? { remark: `was broken over ${rows.length} lines: it was put together` } : {}
  if (first.startsWith('AAAA')) return found(first, { comment: [second, ...rest].join(' ').trim(), ...remark })
  if (KEY_TYPE.test(first)) return found(second ?? '', { named: first, comment: rest.join(' '), ...remark })
  if (KEY_START.test(line)) {
    return other(
      'has something before the key; it should be the key alone (addresses have a setting of their own: sftp.addresses)',
    )
  }
  return other(`is no public key; it should be ${RIGHT_KEY}`)
}

export const CUT_OFF = 'is cut off; it should be the whole key: copy it again'

function found(base64: string, more: Omit<Extract<KeyText, { kind: 'blob' }>, 'kind' | 'blob'>): KeyText {
  if (base64 === '') return other(CUT_OFF)
  const strange = /[^A-Za-z0-9+/=]/u.exec(base64)?.[0]
  if (strange !== undefined) return other(`has ${JSON.stringify(strange)} within the key, which no key has: copy it again`)
  const comment = more.comment.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '').slice(0, 100)
  return { kind: 'blob', blob: Buffer.from(base64, 'base64'), ...more, comment }
}

function severalKeys(count: number): KeyText {
  return other(`holds ${count} keys; it should be one: give each by itself`)
}

function other(reason: string): KeyText {
  return { kind: 'other', reason }
}
