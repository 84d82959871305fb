/**
 * The keys by which clients know this server: Ed25519 (RFC 8709) and RSA of 3072 bits (RFC 8332), as files of OpenSSH in
 * the data folder, which every process shares. Made at the first start. A rotation makes the next ones beside them, which
 * clients get to know while the old ones are still used, until the next ones take their place.
 */
import { generateKeyPair } from 'node:crypto'
import { mkdir, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ssh2 from 'ssh2'
import { hasCode, KeptFileError, unlessMissing, unreadable } from '../file-errors.ts'
import { keepFolder, makeForGood } from '../lasting.ts'
import { fingerprintOf } from './authorized-key.ts'
import { newEd25519Key } from './new-key.ts'

export type HostKey = {
  readonly type: 'ssh-ed25519' | 'ssh-rsa'
  /** As on the wire (RFC 4253 section 6.6). */
  readonly blob: Buffer
  readonly fingerprint: string
  /** As a file of OpenSSH. */
  readonly privateKey: string
  /** Epoch milliseconds. */
  readonly made: number
}

export type HostKeys = {
  readonly current: readonly HostKey[]
  /** Those of a rotation that is under way. */
  readonly next: readonly HostKey[]
}

const RIGHT =
  'put the key back from a backup, as a file of the account that the server runs as; where there is none, delete it and a new one is made, which clients have to be told of'

const KINDS = ['ed25519', 'rsa'] as const
type Kind = (typeof KINDS)[number]
const RSA_BITS = 3072

/** Makes the keys that are missing. @param kinds of which: an RSA key may take a second */
export async function openHostKeys(dataDir: string, kinds: readonly Kind[] = KINDS): Promise<HostKeys> {
  const paths = await pathsIn(dataDir)
  for (const { kind, current } of paths) if (kinds.includes(kind)) await makeUnlessThere(kind, current)
  return await readKeys(paths)
}

/** Makes the next keys, unless a rotation is under way. */
export async function beginRotation(dataDir: string): Promise<HostKeys> {
  const paths = await pathsIn(dataDir)
  for (const { kind, next } of paths) await makeUnlessThere(kind, next)
  return await readKeys(paths)
}

/** Puts the next keys in the place of those in use. @returns undefined when there are none */
export async function finishRotation(dataDir: string): Promise<HostKeys | undefined> {
  const paths = await pathsIn(dataDir)
  const { next } = await readKeys(paths)
  if (next.length === 0) return undefined
  for (const path of paths) await rename(path.next, path.current).catch(unlessMissing)
  return await readKeys(paths)
}

/** When the files were last changed, to see whether they are to be read again. */
export async function hostKeysVersion(dataDir: string): Promise<string> {
  const times: number[] = []
  for (const { current, next } of await pathsIn(dataDir)) {
    for (const path of [current, next]) times.push((await stat(path).catch(unlessMissing))?.mtimeMs ?? 0)
  }
  return times.join()
}

type Paths = readonly { readonly kind: Kind; readonly current: string; readonly next: string }[]

async function pathsIn(dataDir: string): Promise<Paths> {
  const folder = join(dataDir, 'sftp')
  if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await keepFolder(dataDir)
  return KINDS.map((kind) => ({ kind, current: join(folder, `host_${kind}`), next: join(folder, `host_${kind}.next`) }))
}

async function makeUnlessThere(kind: Kind, path: string): Promise<void> {
  if ((await stat(path).catch(unlessMissing)) === undefined) await makeForGood(path, await makeKey(kind))
}

async function makeKey(kind: Kind): Promise<string> {
  if (kind === 'ed25519') return newEd25519Key().private
  // Takes a second or so, which no other client should wait for.
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS })
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
}

async function readKeys(paths: Paths): Promise<HostKeys> {
  const read = async (which: 'current' | 'next') =>
    (await Promise.all(paths.map((path) => readKey(path[which])))).filter((key) => key !== undefined)
  return { current: await read('current'), next: await read('next') }
}

async function readKey(path: string): Promise<HostKey | undefined> {
  const privateKey = await readFile(path, 'utf8').catch((error) => {
    if (!hasCode(error, 'ENOENT')) throw new KeptFileError(`${unreadable(path, error)}: ${RIGHT}`, { cause: error })
  })
  if (privateKey === undefined) return undefined
  const { mtimeMs } = await stat(path)
  const key = ssh2.utils.parseKey(privateKey)
  if (key instanceof Error)
    throw new KeptFileError(`${path} is no private key of OpenSSH without a password (${key.message}): ${RIGHT}`, { cause: key })
  const [{ type }, blob] = [key, key.getPublicSSH()]
  if (!key.isPrivateKey() || (type !== 'ssh-ed25519' && type !== 'ssh-rsa'))
    throw new KeptFileError(`${path} is no private key of type ssh-ed25519 or ssh-rsa: ${RIGHT}`)
  return { type, blob, fingerprint: fingerprintOf(blob), privateKey, made: mtimeMs }
}
