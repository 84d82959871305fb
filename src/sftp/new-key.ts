/**
 * New Ed25519 keys (RFC 8709).
 */
import ssh2 from 'ssh2'

/** @returns the private half as a file of OpenSSH, the public one as a line of authorized_keys */
export function newEd25519Key(comment = ''): ssh2.utils.KeyPairReturn {
  // One key in 256 begins with a zero, which ssh2 (1.17) leaves out as it writes it: nobody can read such a file.
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment })
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair
  }
}
