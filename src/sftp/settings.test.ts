import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sftpProblems } from './settings.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMRkc6Vf2ntcRP3uSBgTm8Oe4T1aHKXKRFaLNg5PvVCq sis@uni'
const PUTTY = 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: sis\nPublic-Lines: 1\n'

describe('settings of the drop box', () => {
  it('may be left out', () => {
    assert.deepEqual(sftpProblems({}), [])
    assert.deepEqual(sftpProblems({ sftp: {} }), [])
  })

  it('are right with public keys, addresses and ranges', () => {
    assert.deepEqual(sftpProblems({ sftp: { keys: [KEY], addresses: ['192.0.2.0/24', '2001:db8::1'] } }), [])
  })

  for (const [why, sftp, field, message] of [
    ['name the key that is none', { keys: [KEY, 'x'] }, 'sftp.keys[1]', /^sftp\.keys\[1\] is no public key; it should be/],
    [
      'name the range that is none',
      { addresses: ['10.0.0.0/99'] },
      'sftp.addresses[0]',
      /^sftp\.addresses\[0\] "10\.0\.0\.0\/99" has the prefix/,
    ],
    [
      'keep no private key',
      { keys: [`${PUTTY}${KEY.split(' ')[1]}\nPrivate-Lines: 1\nc2VjcmV0`] },
      'sftp.keys[0]',
      /should be the public half alone: ssh-ed25519 AAAA\S+ sis$/,
    ],
  ] as const)
    it(why, () => {
      const [problem, ...more] = sftpProblems({ sftp })
      assert.deepEqual(more, [])
      assert.equal(problem?.field, field)
      assert.match(problem?.message ?? '', message)
      assert.ok(!problem?.message.includes('c2VjcmV0'))
    })
})
