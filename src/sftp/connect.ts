/**
 * A connection to an institution's server, which must show a host key that is pinned, and let our key in.
 */
import type { Client, ServerHostKeyAlgorithm } from 'ssh2'
import ssh2 from 'ssh2'
import type { PickUpSettings } from '../directory/settings.ts'
import { fingerprintOf } from './authorized-key.ts'
import { PickUpFault } from './pick-up-fault.ts'

export type ConnectOptions = {
  /** In the format of OpenSSH, in the order in which they are offered. */
  readonly privateKeys: readonly string[]
  readonly signal: AbortSignal
  /** How long the server may be silent. */
  readonly answerMs?: number
}

/** Unless told otherwise. */
export const ANSWER_MS = 30_000
const DEFAULT_PORT = 22

/** A server has a key of each; without `ssh-rsa`, which is SHA-1. */
const HOST_KEYS: { readonly [kind: string]: readonly ServerHostKeyAlgorithm[] } = {
  Ed25519: ['ssh-ed25519'],
  ECDSA: ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  RSA: ['rsa-sha2-512', 'rsa-sha2-256'],
}

/**
 * Which of its keys a server shows is for the client to ask, so each kind is asked for until one is pinned.
 * @throws {PickUpFault} `unreachable`, `host_key_unknown`, `host_key_changed`, `login_refused`, or the signal's reason
 */
export async function connect(place: PickUpSettings, options: ConnectOptions): Promise<Client> {
  const shown: string[] = []
  for (const [kind, algorithms] of Object.entries(HOST_KEYS)) {
    const answer = await connectOnce(place, algorithms, options)
    if (answer.kind === 'connected') return answer.client
    if (answer.kind === 'otherKey') shown.push(`${answer.fingerprint} (${kind})`)
  }
  throw hostKeyFault(place, shown)
}

function hostKeyFault({ name, host, hostKeys = [] }: PickUpSettings, shown: readonly string[]): PickUpFault {
  if (shown.length === 0) return new PickUpFault('unreachable', `${host} shows no host key of a kind that is safe today`)
  const list = shown.join(', ')
  const compare = 'compare it with what the institution says over another way, then set it'
  if (hostKeys.length === 0) {
    return new PickUpFault('host_key_unknown', `${host} shows ${list}: ${compare} as hostKeys of sftp.pickUp "${name}"`)
  }
  return new PickUpFault(
    'host_key_changed',
    `the host key of ${host} has changed, or another server answers in its place: it shows ${list}, and ${hostKeys.join(', ')} is set. Nothing was fetched and no key was offered. Ask the institution; if the new key is theirs, ${compare} in hostKeys of sftp.pickUp "${name}"`,
  )
}

type Answer =
  | { readonly kind: 'connected'; readonly client: Client }
  | { readonly kind: 'otherKey'; readonly fingerprint: string }
  /** The server has no key of this kind. */
  | { readonly kind: 'noKey' }

function connectOnce(place: PickUpSettings, serverHostKey: readonly ServerHostKeyAlgorithm[], options: ConnectOptions) {
  const { privateKeys, signal, answerMs = ANSWER_MS } = options
  const { host, port = DEFAULT_PORT, username, hostKeys = [] } = place
  return new Promise<Answer>((resolve, reject) => {
    signal.throwIfAborted()
    const client = new ssh2.Client()
    let other: string | undefined
    const aborted = () => {
      client.destroy()
      reject(signal.reason)
    }
    signal.addEventListener('abort', aborted)
    // Stays for the life of the connection: an error that nobody hears would end the process.
    client.on('error', (error) => {
      client.destroy()
      if (other !== undefined) resolve({ kind: 'otherKey', fingerprint: other })
      else if (isWithoutCommonHostKey(error)) resolve({ kind: 'noKey' })
      else reject(faultFrom(error, place))
    })
    client.once('close', () => {
      signal.removeEventListener('abort', aborted)
      reject(new PickUpFault('interrupted', `${host} ended the connection before it stood`))
    })
    client.once('ready', () => {
      client.removeAllListeners('timeout')
      resolve({ kind: 'connected', client })
    })
    client.once('timeout', () => client.destroy())
    client.connect({
      host,
      port,
      username,
      readyTimeout: answerMs,
      timeout: answerMs,
      algorithms: { serverHostKey: [...serverHostKey] },
      authHandler: privateKeys.map((key) => ({ type: 'publickey', username, key })),
      hostVerifier: (key: Buffer) => {
        const fingerprint = fingerprintOf(key)
        if (hostKeys.includes(fingerprint)) return true
        other = fingerprint
        return false
      },
    })
    // Else each small question waits for the one before it to be acknowledged.
    client.setNoDelay(true)
  })
}

function isWithoutCommonHostKey(error: Error): boolean {
  return error.message.includes('no matching host key format')
}

function faultFrom(error: Error & { readonly level?: string; readonly code?: string }, place: PickUpSettings): PickUpFault {
  const { host, port = DEFAULT_PORT, username } = place
  const at = `${host}, port ${port},`
  if (error.level === 'client-authentication') {
    const mend = 'ask the institution to add our public key to what this user may sign in with'
    return new PickUpFault('login_refused', `${at} does not let the user "${username}" in with our key: ${mend}`, {
      cause: error,
    })
  }
  const why = WHY_UNREACHABLE[error.code ?? error.level ?? ''] ?? 'and it speaks no SSH that is safe today'
  return new PickUpFault('unreachable', `${at} cannot be reached: ${why}`, { cause: error })
}

const WHY_UNREACHABLE: { readonly [code: string]: string } = {
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'the name service does not answer',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut; a firewall may want our address on its list',
  EHOSTUNREACH: 'there is no way there',
  ENETUNREACH: 'there is no way there',
  ETIMEDOUT: 'there is no answer; a firewall may want our address on its list',
  'client-timeout': 'there is no answer in time; a firewall may want our address on its list',
}
