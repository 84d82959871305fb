import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import ssh2 from 'ssh2'
import { judgeKey } from './authorized-key.ts'
import { newEd25519Key } from './new-key.ts'

describe('a new Ed25519 key', () => {
  it('can be read again, also those that begin with a zero', () => {
    for (let made = 0; made < 1500; made++) {
      const { private: privateKey, public: publicKey } = newEd25519Key('sis')
      assert.ok(!(ssh2.utils.parseKey(privateKey) instanceof Error), privateKey)
      assert.equal(judgeKey(publicKey).kind, 'ok')
    }
  })
})
