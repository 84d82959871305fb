/**
 * What is needed of ssh2 and it does not document, in one place. Its version is pinned, and tests with real clients hold
 * each of these.
 */
import { createSecretKey } from 'node:crypto'
import type { Connection, SFTPWrapper } from 'ssh2'
import ssh2 from 'ssh2'
import type { HostKey } from './host-keys.ts'
import { stringOf, stringsIn } from './wire.ts'

type Protocol = {
  readonly _kexinit: unknown
  readonly _kex: { readonly sessionID: Buffer; readonly negotiated: { readonly serverHostKey: string } }
  readonly _cipher: { encrypt(packet: Buffer): void }
  readonly _decipher: object
  readonly _packetRW: {
    readonly write: { readonly allocStart: number; alloc(bytes: number): Buffer; finalize(packet: Buffer): Buffer }
  }
  readonly _handlers: { GLOBAL_REQUEST: (protocol: Protocol, name: string, wantsReply: boolean, data: unknown) => void }
  requestSuccess(data: Buffer): void
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
        if (KEYS.test(name) && Buffer.isBuffer(value) && value.length > 0) Object.assign(half, { [name]: createSecretKey(value) })
      }
    }
  })
}

const GLOBAL_REQUEST = 80
const ANNOUNCE = 'hostkeys-00@openssh.com'
const PROVE = 'hostkeys-prove-00@openssh.com'

/**
 * Tells a client that has signed in of all host keys, those of a rotation too, and proves that they are ours when it asks:
 * OpenSSH puts them into its known_hosts (PROTOCOL of OpenSSH, section 2.5).
 */
export function announceHostKeys(client: Connection, keys: readonly HostKey[]): void {
  const protocol = protocolOf(client)
  const { _handlers: handlers, _packetRW: packets } = protocol
  const others = handlers.GLOBAL_REQUEST
  handlers.GLOBAL_REQUEST = (from, name, wantsReply, data) => {
    const asked = name === PROVE && Buffer.isBuffer(data) ? stringsIn(data) : undefined
    const proofs = (asked ?? []).map((blob) => proofOf(protocol, blob, keys))
    const known = proofs.filter((proof) => proof !== undefined)
    if (!wantsReply || known.length === 0 || known.length < proofs.length) others(from, name, wantsReply, data)
    else protocol.requestSuccess(Buffer.concat(known))
  }
  const payload = Buffer.concat([
    Buffer.of(GLOBAL_REQUEST),
    stringOf(ANNOUNCE),
    Buffer.of(0),
    ...keys.map(({ blob }) => stringOf(blob)),
  ])
  const packet = packets.write.alloc(payload.length)
  packet.set(payload, packets.write.allocStart)
  protocol._cipher.encrypt(packets.write.finalize(packet))
}

function proofOf({ _kex: { sessionID, negotiated } }: Protocol, blob: Buffer, keys: readonly HostKey[]): Buffer | undefined {
  const found = keys.find((key) => key.blob.equals(blob))
  const key = found && ssh2.utils.parseKey(found.privateKey)
  if (found === undefined || key === undefined || key instanceof Error) return undefined
  const hash = negotiated.serverHostKey === 'rsa-sha2-256' ? '256' : '512'
  const [algorithm, digest] = found.type === 'ssh-rsa' ? [`rsa-sha2-${hash}`, `sha${hash}`] : [found.type, undefined]
  const signature = key.sign(Buffer.concat([stringOf(PROVE), stringOf(sessionID), stringOf(blob)]), digest)
  return stringOf(Buffer.concat([stringOf(algorithm), stringOf(signature)]))
}
