/**
 * Twice the speed. ssh2 makes ciphers for each packet from keys that are Buffers, and Node 24 finds out by an exception,
 * each time anew, that a Buffer is no KeyObject. So the keys that a connection has agreed upon are made KeyObjects.
 *
 * This reaches into ssh2, whose version is pinned: where it finds nothing to change, all works as before, but slower.
 */
import { createSecretKey } from 'node:crypto'
import type { Connection } from 'ssh2'

const KEYS = /^_(?:enc|dec|mac)Key(?:Main|PktLen)?$/

export function useKeyObjects(client: Connection): void {
  // Also after each change of keys under way.
  client.on('handshake', () => {
    const { _protocol: protocol } = client as unknown as { readonly _protocol?: { readonly [name: string]: unknown } }
    for (const half of [protocol?._cipher, protocol?._decipher]) {
      if (typeof half === 'object' && half !== null) replaceKeys(half as { [name: string]: unknown })
    }
  })
}

function replaceKeys(half: { [name: string]: unknown }): void {
  for (const [name, value] of Object.entries(half)) {
    if (KEYS.test(name) && Buffer.isBuffer(value) && value.length > 0) half[name] = createSecretKey(value)
  }
}
