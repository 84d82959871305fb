/**
 * The metadata of an identity provider, from the command that names it to the sign-in with a key that it brings later.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { federated, metadataXml } from './saml/metadata.ts'
import type { Scene } from './saml/response.ts'
import { field, responseXml, signedResponse } from './saml/response.ts'
import { testIdp } from './saml/signer.ts'
import { Server } from './server.ts'

const [idp, second, third, federation] = [
  testIdp('https://idp.uni.example/idp'),
  testIdp('https://idp.uni.example/idp'),
  testIdp('https://idp.uni.example/idp'),
  testIdp('f'),
]

describe('metadata of an identity provider', () => {
  const folder = mkdtempSync(join(tmpdir(), 'matricula-'))
  const web = createServer((_, response) => void response.end(served))
  let served = ''
  let url: string
  let server: Server
  before(async () => {
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/metadata`
    server = await Server.start({ settings: { saml: { allowUnsolicited: true, accountType: { default: 'Student' } } } })
  })
  after(async () => {
    await server[Symbol.asyncDispose]()
    await new Promise((resolve) => web.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  })

  const set = (...options: readonly string[]) => server.run('institution', 'set', 'test-uni', '--saml-metadata', ...options)
  const file = (name: string, content: string, encoding: BufferEncoding = 'utf8') => {
    writeFileSync(join(folder, name), content, encoding)
    return join(folder, name)
  }
  const known = async () => JSON.parse((await server.run('institution', 'show', 'test-uni')).stdout).settings.saml.idp

  it('is set from a file that PowerShell has written', async () => {
    const { code, stderr } = await set(file('utf16.xml', `\ufeff${metadataXml(idp)}`, 'utf16le'))
    assert.equal(code, 0, stderr)
  })

  it('is set from a file', async () => {
    const { code, stderr } = await set(file('idp.xml', metadataXml(idp)))
    assert.equal(code, 0, stderr)
    assert.match(stderr, /https:\/\/idp\.uni\.example\/idp, with 1 certificate to sign with/)
    assert.deepEqual((await known()).certificates, [idp.certificate])
  })

  for (const [why, args, message] of [
    ['that is not there', () => [join(folder, 'none.xml')], /there is no file/],
    ['that is too large', () => [file('all.xml', ' '.repeat(1_100_000))], /whole federation.*mdq\.incommon\.org/s],
    ['that is in another encoding', () => [file('l.xml', '<html>é</html>', 'latin1')], /has letters that are not in UTF-8/],
    ['that is no metadata', () => [file('x.xml', '<html/>')], /holds "html"/],
    [
      'that is not signed as it must be',
      () => [file('u.xml', metadataXml(idp)), '--saml-metadata-certificate', file('f.pem', federation.certificate)],
      /is not signed/,
    ],
    ['at an address that is none of the web', () => ['ftp://idp.uni.edu/metadata'], /should be a file or an https address/],
    ['at an address where nobody is', () => ['http://127.0.0.1:1/metadata'], /cannot be reached/],
  ] as const) {
    it(`is refused from one ${why}`, async () => {
      const { code, stderr } = await set(...args())
      assert.equal(code, 1)
      assert.match(stderr, message)
    })
  }

  it('changes nothing when it is refused', async () => assert.deepEqual((await known()).certificates, [idp.certificate]))

  it('lets people in with a key that it has only now, and with no other one', async () => {
    served = metadataXml(second)
    assert.equal((await set(url)).code, 0)
    const base = `${server.origin}/institutions/test-uni/saml`
    const signIn = async (pen: typeof idp) => {
      const names = { entityId: `${base}/metadata`, acsUrl: `${base}/acs` }
      const scene: Scene = { idp: pen, ...names, inResponseTo: undefined, now: Date.now() }
      const body = new URLSearchParams({ SAMLResponse: field(signedResponse(scene, responseXml(scene))) })
      return (await fetch(`${base}/acs`, { method: 'POST', body, redirect: 'manual' })).status
    }
    // Settings are at most five seconds old.
    const until = Date.now() + 60_000
    while ((await signIn(second)) !== 303) assert.ok(Date.now() < until, 'the settings were not taken up')
    served = metadataXml(third)
    assert.equal(await signIn(third), 303)
    assert.deepEqual((await known()).certificates, [third.certificate])
    assert.equal(await signIn(testIdp(idp.entityId)), 403)
  })

  it('is set from an address, signed by a federation', async () => {
    served = federated(metadataXml(idp), federation)
    const { code, stderr } = await set(url, '--saml-metadata-certificate', file('f.pem', federation.certificate))
    assert.equal(code, 0, stderr)
    const { metadata } = await known()
    assert.deepEqual(metadata, { url, certificates: [federation.certificate] })
  })

  it('shows what identity providers must know of this side, both keys while one is replaced', async () => {
    const certificates = async () => {
      const xml = await (await fetch(`${server.origin}/institutions/test-uni/saml/metadata`)).text()
      return [...new Set(xml.match(/(?<=<ds:X509Certificate>)[^<]+/g))]
    }
    const rollover = (...options: readonly string[]) => server.run('saml', 'rollover', 'test-uni', ...options)
    const [first] = await certificates()
    assert.match((await rollover('--finish')).stderr, /no new key is there/)
    assert.equal((await rollover()).code, 0)
    assert.match((await rollover()).stderr, /is there already/)
    const until = Date.now() + 60_000
    while ((await certificates()).length < 2) assert.ok(Date.now() < until, 'the next key is not shown')
    assert.equal((await rollover('--finish')).code, 0)
    while ((await certificates()).includes(String(first))) assert.ok(Date.now() < until + 60_000, 'the old key is still shown')
    assert.equal((await certificates()).length, 1)
  })
})
