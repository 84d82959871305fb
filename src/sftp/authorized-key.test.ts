import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { temporaryFile } from '../../test/stores.ts'
import { fingerprintOf, judgeKey } from './authorized-key.ts'

const COMMENT = 'sis@uni'
const ED25519_TYPE = 'ssh-ed25519'
const ed25519 = line(ED25519_TYPE, ed25519Bytes())
const rsa = rsaLine(2048)

function line(type: string, ...parts: Buffer[]): string {
  return `${type} ${wire(type, ...parts).toString('base64')} ${COMMENT}`
}

function wire(type: string, ...parts: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(type), ...parts].flatMap((part) => [uint32(part.length), part]))
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function ed25519Bytes(): Buffer {
  return Buffer.from(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
}

function rsaLine(bits: number): string {
  const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' })
  return line('ssh-rsa', Buffer.from(e, 'base64url'), Buffer.concat([Buffer.of(0), Buffer.from(n, 'base64url')]))
}

/** In lines of 70 characters, as RFC 4716 and mail programs break them. */
function folded(text: string): string[] {
  return text.match(/.{1,70}/g) ?? []
}

function base64Of(text: string): string {
  return text.split(' ')[1] ?? ''
}

function rfc4716(text: string, header = 'Comment: "sis@uni"'): string {
  return ['---- BEGIN SSH2 PUBLIC KEY ----', header, ...folded(base64Of(text)), '---- END SSH2 PUBLIC KEY ----', ''].join('\n')
}

function ppk(text: string, encryption: string): string {
  const rows = folded(base64Of(text))
  return `PuTTY-User-Key-File-3: ssh-rsa\r\nEncryption: ${encryption}\r\nComment: sis@uni\r\nPublic-Lines: ${rows.length}\r\n${rows.join('\r\n')}\r\nPrivate-Lines: 1\r\nc2VjcmV0\r\nPrivate-MAC: 00\r\n`
}

describe('a public key', () => {
  for (const [why, text, like, remark] of [
    ['may be Ed25519', ed25519, ed25519],
    ['may be RSA of 2048 bits', rsa, rsa],
    ['may end in a line end, of Windows too', `${rsa}\r\n`, rsa],
    ['may follow remarks', `# of the SIS\n\n${rsa}\n`, rsa],
    ['may begin with a byte order mark, and hold what nobody sees', `\ufeff${rsa.replace(' ', ' \u200b')}`, rsa],
    ['may have no name', rsa.replace(` ${COMMENT}`, ''), rsa.replace(` ${COMMENT}`, '')],
    ['may be sent without its type', rsa.replace('ssh-rsa ', ''), rsa],
    ['is put together where a mail program broke it', folded(rsa).join('\n'), rsa, /^was broken over \d lines/],
    ['is put together where it was broken behind its type', rsa.replace(' ', '\n'), rsa, /^was broken over 2 lines/],
    ['is converted from RFC 4716', rfc4716(rsa), rsa, /^was in the format of RFC 4716/],
    ['is converted from RFC 4716 with long headers', rfc4716(ed25519, 'Subject: a \\\nb\nComment: sis@uni'), ed25519, /RFC 4716/],
    [
      'is taken out of a file of PuTTY',
      ppk(rsa, 'aes256-cbc'),
      rsa,
      /its public half alone was taken; next time only the public/,
    ],
    ['is taken out of an open file of PuTTY, with a warning', ppk(rsa, 'none'), rsa, /has no passphrase: .* have a new key made/],
  ] as const) {
    it(why, () => {
      const judged = judgeKey(text)
      assert.equal(judged.kind, 'ok', judged.kind === 'refused' ? judged.reason : '')
      assert.equal(judged.key.line, like)
      assert.match(judged.remark ?? '', remark ?? /^$/)
      assert.equal(judged.hasPrivateHalf, text.startsWith('PuTTY') ? true : undefined)
    })
  }

  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 })
  for (const [why, text, reason] of [
    ['is not empty', ' \n', /^is empty; it should be the line of an Ed25519 key/],
    ['is not DSA', line('ssh-dss', Buffer.of(1), Buffer.of(1)), /^is a DSA key/],
    ['is not ECDSA', line('ecdsa-sha2-nistp256', Buffer.from('nistp256'), Buffer.of(4)), /^is an ECDSA key/],
    [
      'is not on a stick',
      line('sk-ssh-ed25519@openssh.com', Buffer.alloc(32), Buffer.from('ssh:')),
      /^is a key on a security stick/,
    ],
    ['is no certificate', line('ssh-ed25519-cert-v01@openssh.com', Buffer.alloc(32)), /^is a certificate of OpenSSH/],
    ['is of a known type', line('ssh-ed448', Buffer.alloc(57)), /^is of a type that is not taken here/],
    ['is no short RSA key', rsaLine(1024), /^is an RSA key of 1024 bits, which is too short/],
    [
      'is no endless RSA key',
      line('ssh-rsa', Buffer.of(3), Buffer.alloc(3000, 0x7f)),
      /^is an RSA key of 23999 bits; .* at most 16384/,
    ],
    ['has a true exponent', line('ssh-rsa', Buffer.of(1), Buffer.alloc(256, 0x7f)), /^is damaged/],
    ['has a positive modulus', line('ssh-rsa', Buffer.of(3), Buffer.alloc(256, 0xff)), /^is damaged/],
    [
      'has a modulus without needless zeros',
      line('ssh-rsa', Buffer.of(3), Buffer.concat([Buffer.of(0), Buffer.alloc(256, 0x7f)])),
      /^is damaged/,
    ],
    ['has nothing behind its end', line('ssh-ed25519', Buffer.alloc(32), Buffer.alloc(1)), /^is damaged/],
    ['has the length of its type', line('ssh-ed25519', Buffer.alloc(31)), /^is damaged/],
    [
      'is of the type that it names',
      rsa.replace('ssh-rsa', ED25519_TYPE),
      /^is called ssh-ed25519 and holds a key of type ssh-rsa/,
    ],
    ['is whole', rsa.slice(0, 200), /^is cut off/],
    ['is whole in RFC 4716', rfc4716(rsa).slice(0, 200), /^is cut off/],
    ['is more than a type', 'ssh-rsa', /^is cut off/],
    ['has only letters of a key', rsa.replace('AAAAB3', 'AAAAB3…'), /^has "…" within the key/],
    ['is one', `${rsa}\n${ed25519}\n${rsa}`, /^holds 3 keys; it should be one/],
    ['is one in RFC 4716', rfc4716(rsa) + rfc4716(rsa), /^holds 2 keys/],
    ['has no options before it', `from="192.0.2.1" ${rsa}`, /^has something before the key.*sftp\.addresses/],
    ['has no host before it', `sftp.uni.edu ${rsa}`, /^has something before the key/],
    [
      'is no private key of OpenSSH',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----',
      /^holds a private key/,
    ],
    ['is no private key in PEM', pem.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(), /^holds a private key/],
    ['is no private key behind a public one', `${rsa}\n-----BEGIN PRIVATE KEY-----`, /^holds a private key/],
    ['is no private key of ssh.com', '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----', /^holds a private key/],
    [
      'is not in PEM',
      pem.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      /^is a public key in PEM; convert it with: ssh-keygen -i -m PKCS8/,
    ],
    ['is no X.509 certificate', '-----BEGIN CERTIFICATE-----\nMIIC', /^is an X\.509 certificate/],
    ['is no PGP key', '-----BEGIN PGP PUBLIC KEY BLOCK-----', /^is a PGP key/],
    ['is no fingerprint', '2048 SHA256:uNiVztksCsDhcc0u9e8BrHxT9tIyJ/ZXvRpZ1fGh3Xk sis (RSA)', /^is the fingerprint of a key/],
    ['is no old fingerprint', '16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48', /^is the fingerprint of a key/],
    ['is not of SSH 1', '2048 65537 2512345 sis@uni', /^is a key of SSH 1/],
    ['is no other text', 'our key is attached', /^is no public key/],
    ['is no whole disk', 'A'.repeat(70_000), /^has 70000 characters/],
  ] as const) {
    it(why, () => {
      const judged = judgeKey(text)
      assert.equal(judged.kind, 'refused')
      assert.match(judged.reason, reason)
      assert.ok(!judged.reason.includes(base64Of(rsa).slice(30, 60)), 'a reason may be read by others: it holds no key')
    })
  }

  it('has no control characters in its name', () => {
    const judged = judgeKey(`${rsa}\u001b[31m\u202eevil`)
    assert.equal(judged.kind === 'ok' && judged.key.line, `${rsa}[31mevil`)
  })

  it('is never taken for another one, wherever the text is cut or changed', () => {
    const whole = judgeKey(ed25519)
    assert.equal(whole.kind, 'ok')
    const edits = fc.record({ at: fc.nat(ed25519.length), length: fc.nat(9), put: fc.string({ maxLength: 9 }) })
    fc.assert(
      fc.property(edits, ({ at, length, put }) => {
        const judged = judgeKey(ed25519.slice(0, at) + put + ed25519.slice(at + length))
        if (judged.kind === 'ok')
          assert.equal(judged.key.fingerprint, fingerprintOf(Buffer.from(base64Of(judged.key.line), 'base64')))
        if (judged.kind === 'ok') assert.equal(judgeKey(judged.key.line).kind, 'ok')
      }),
    )
  })

  it('may be any bytes without harm', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.uint8Array({ maxLength: 90 }).map((bytes) => `ssh-rsa ${Buffer.from(bytes).toString('base64')}`),
    )
    fc.assert(fc.property(texts, (text) => void judgeKey(text)))
  })
})

describe('the keys of OpenSSH itself', () => {
  const missing = has('ssh-keygen') ? false : 'needs ssh-keygen (package openssh-client)'
  for (const [type, bits, isTaken] of [
    ['ed25519', 256, true],
    ['rsa', 3072, true],
    ['rsa', 1024, false],
    ['ecdsa', 256, false],
  ] as const) {
    it(`of ${bits} bits of ${type} are ${isTaken ? 'taken, with the fingerprint that ssh-keygen shows' : 'refused'}`, {
      skip: missing,
    }, () => {
      const file = temporaryFile('key')
      keygen('-q', '-t', type, '-b', String(bits), '-N', '', '-C', COMMENT, '-f', file)
      const judged = judgeKey(readFileSync(`${file}.pub`, 'utf8'))
      assert.equal(judged.kind, isTaken ? 'ok' : 'refused')
      if (judged.kind === 'refused') return
      assert.ok(keygen('-l', '-f', `${file}.pub`).startsWith(`${judged.key.bits} ${judged.key.fingerprint} ${COMMENT}`))
      const exported = judgeKey(keygen('-e', '-f', `${file}.pub`))
      assert.equal(exported.kind === 'ok' && exported.key.fingerprint, judged.key.fingerprint)
      assert.match((judgeKey(readFileSync(file, 'utf8')) as { reason?: string }).reason ?? '', /^holds a private key/)
    })
  }
})

describe('the keys of PuTTY', () => {
  const missing = has('puttygen') ? false : 'needs puttygen (package putty-tools)'
  for (const type of ['rsa', 'ed25519'] as const) {
    it(`of type ${type} are taken as PuTTYgen saves them`, { skip: missing }, () => {
      const [file, empty] = [temporaryFile('key.ppk'), '/dev/null']
      puttygen('-t', type, '-C', COMMENT, '-o', file, '-q', '--new-passphrase', empty)
      const wanted = puttygen(file, '-O', 'public-openssh').trim()
      const private_ = judgeKey(readFileSync(file, 'utf8'))
      assert.equal(private_.kind === 'ok' && private_.key.line, wanted)
      const saved = judgeKey(puttygen(file, '-O', 'public'))
      assert.equal(saved.kind === 'ok' && saved.key.line, wanted)
    })
  }
})

function has(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    assert.ok(process.env.CI === undefined, `${program} is missing`)
    return false
  }
}

function keygen(...args: readonly string[]): string {
  return execFileSync('ssh-keygen', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function puttygen(...args: readonly string[]): string {
  return execFileSync('puttygen', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
