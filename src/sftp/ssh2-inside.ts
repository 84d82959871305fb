/**
 * What is needed of ssh2 and it does not document, in one place. Its version is pinned, and tests with real clients hold
 * each of these.
 */
import { createSecretKey } from 'node:crypto'
import type { Connection, SFTPWrapper } from 'ssh2'

type Protocol = {
  readonly _kexinit: unknown
  readonly _cipher: { [name: string]: unknown }
  readonly _decipher: { [name: string]: unknown }
  exitStatus(channel: number, status: number): void
}

type Channel = SFTPWrapper & {
  readonly _protocol: Protocol
  readonly outgoing: { readonly id: number; readonly window: number; readonly state: string }
}

function protocolOf(client: Connection): Protocol {
  return (client as unknown as { readonly _protocol: Protocol })._protocol
}

/** How many bytes the client takes at present. */
export function windowOf(sftp: SFTPWrapper): number {
  const { _protocol: protocol, outgoing } = sftp as Channel
  // While keys are changed nothing can be sent.
  return protocol._kexinit === undefined ? outgoing.window : 0
}

/** Without an exit status scp takes what it did for a failure; without the end OpenSSH waits for ever at its "bye". */
export function endWell(sftp: SFTPWrapper): void {
  const { _protocol: protocol, outgoing } = sftp as Channel
  if (outgoing.state === 'open') protocol.exitStatus(outgoing.id, 0)
  sftp.end()
}

/** Whether the client has asked for other keys and not brought it to an end yet (RFC 4253 section 9). */
export function isChangingKeys(client: Connection): boolean {
  return protocolOf(client)._kexinit !== undefined
}

const KEYS = /^_(?:enc|dec|mac)Key(?:Main|PktLen)?$/

/**
 * Twice the speed: ssh2 makes ciphers for each packet from keys that are Buffers, and Node 24 finds out by an exception,
 * each time anew, that a Buffer is no KeyObject. So the keys that a connection has agreed upon are made KeyObjects.
 */
export function useKeyObjects(client: Connection): void {
  // Also after each change of keys under way.
  client.on('handshake', () => {
    const { _cipher: outward, _decipher: inward } = protocolOf(client)
    for (const half of [outward, inward]) {
      for (const [name, value] of Object.entries(half)) {
        if (KEYS.test(name) && Buffer.isBuffer(value) && value.length > 0) half[name] = createSecretKey(value)
      }
    }
  })
}
