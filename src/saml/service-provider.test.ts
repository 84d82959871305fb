import assert from 'node:assert/strict'
import { verify, X509Certificate } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { inflateRawSync } from 'node:zlib'
import { SignedXml } from 'xml-crypto'
import { anInstitution } from '../../test/builders.ts'
import { parseDom } from '../../test/saml/dom.js'
import { temporaryFile } from '../../test/stores.ts'
import { sealWith } from '../auth/seal.ts'
import type { Institution } from '../directory/institution.ts'
import type { IdpSettings } from '../directory/settings.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import type { Store } from '../store/store.ts'
import { NS } from './names.ts'
import type { ServiceProvider } from './service-provider.ts'
import { openServiceProvider } from './service-provider.ts'
import { beginRollover } from './sp-keys.ts'
import type { XmlElement } from './xml.ts'
import { attributeOf, elementsOf, everyElement, parseXml, textOf } from './xml.ts'

const seal = sealWith('a secret key for tests')
const idp: IdpSettings = {
  entityId: 'https://idp.uni.example',
  ssoUrl: 'https://idp.uni.example/sso?tenant=a&b',
  certificates: ['x'],
}

/** A judge from elsewhere. */
function holds(xml: string, certificate: string): boolean {
  const judge = new SignedXml({ publicCert: `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----` })
  const [signature] = Array.from(parseDom(xml).getElementsByTagName('ds:Signature'))
  assert.ok(signature)
  judge.loadSignature(signature)
  return judge.checkSignature(xml)
}

describe('a service provider', () => {
  let store: Store
  let sp: ServiceProvider
  before(async () => {
    store = await openSqlite({ path: temporaryFile('matricula.db') })
    sp = openServiceProvider({ store, seal, publicUrl: 'https://roll.uni.edu' })
  })
  after(() => store[Symbol.asyncDispose]())

  const metadataOf = async (institution: Institution, provider = sp) => (await provider.metadata(institution)).text()
  const all = (root: XmlElement, local: string) => [...everyElement(root)].filter((element) => element.local === local)
  const certificatesIn = (root: XmlElement) => [...new Set(all(root, 'X509Certificate').map(textOf))]

  it('tells of itself in metadata that it signs', async () => {
    const institution = { ...anInstitution({}, 'north'), name: 'Science & Arts <North>' }
    assert.equal((await sp.metadata(institution)).headers.get('content-type'), 'application/samlmetadata+xml')
    const xml = await metadataOf(institution)
    const root = parseXml(xml)
    const [certificate] = certificatesIn(root)
    assert.ok(holds(xml, String(certificate)))
    assert.equal(attributeOf(root, 'entityID'), 'https://roll.uni.edu/institutions/north/saml/metadata')
    const [acs] = all(root, 'AssertionConsumerService')
    assert.ok(acs)
    assert.equal(attributeOf(acs, 'Location'), 'https://roll.uni.edu/institutions/north/saml/acs')
    assert.deepEqual(all(root, 'DisplayName').map(textOf), ['Science & Arts <North>'])
    assert.deepEqual(
      all(root, 'KeyDescriptor').map((key) => attributeOf(key, 'use')),
      ['signing', 'encryption'],
    )
    assert.deepEqual(all(root, 'SingleLogoutService'), [])
  })

  it('says whom to ask, where the institution says so', async () => {
    const contact = { name: 'Help desk', email: 'help@north.edu', url: 'https://help.north.edu' }
    const root = parseXml(await metadataOf(anInstitution({ saml: { contact } }, 'contact')))
    assert.deepEqual(all(root, 'EmailAddress').map(textOf), ['mailto:help@north.edu', 'mailto:help@north.edu'])
    assert.deepEqual(all(root, 'OrganizationURL').map(textOf), ['https://help.north.edu'])
    assert.deepEqual(all(parseXml(await metadataOf(anInstitution({}, 'silent'))), 'ContactPerson'), [])
  })

  it('shows people what it is and what becomes of their data, where the institution says so', async () => {
    const about = {
      description: 'The roll & more',
      informationUrl: 'https://north.edu/roll',
      privacyUrl: 'https://north.edu/privacy?a&b',
      logo: { url: 'https://north.edu/logo.png', width: 120, height: 60 },
    }
    const shown = async (saml: object) => {
      const [info] = all(parseXml(await metadataOf(anInstitution({ saml }, 'shown'))), 'UIInfo')
      return elementsOf(info as XmlElement).map((one) => [
        one.uri === NS.mdui && one.local,
        textOf(one),
        attributeOf(one, 'width'),
      ])
    }
    assert.deepEqual(await shown({}), [['DisplayName', 'shown', undefined]])
    assert.deepEqual((await shown({ about })).slice(1), [
      ['Description', 'The roll & more', undefined],
      ['InformationURL', 'https://north.edu/roll', undefined],
      ['PrivacyStatementURL', 'https://north.edu/privacy?a&b', undefined],
      ['Logo', 'https://north.edu/logo.png', '120'],
    ])
  })

  it('asks for the attributes that it looks for', async () => {
    const mapped = {
      attributes: { netid: ['urn:oid:1.3.6.1.4.1.5923.1.1.1.6'], email: ['mail', 'email'] },
      accountType: { attribute: 'userType' },
    }
    const asked = async (saml: object) =>
      all(parseXml(await metadataOf(anInstitution({ saml }, 'asking'))), 'RequestedAttribute').map(
        (element) => `${attributeOf(element, 'Name')} ${attributeOf(element, 'isRequired')}`,
      )
    assert.deepEqual(await asked({}), [
      'urn:oid:0.9.2342.19200300.100.1.1 false',
      'urn:oid:0.9.2342.19200300.100.1.3 true',
      'urn:oid:2.5.4.42 true',
      'urn:oid:2.5.4.4 true',
      'urn:oid:1.3.6.1.4.1.5923.1.1.1.1 false',
    ])
    assert.deepEqual(await asked(mapped), [
      'urn:oid:2.5.4.42 true',
      'urn:oid:2.5.4.4 true',
      'urn:oid:1.3.6.1.4.1.5923.1.1.1.6 false',
      'mail false',
      'email false',
      'userType false',
    ])
  })

  it('says at once what has changed', async () => {
    const institution = anInstitution({}, 'changing')
    const first = await metadataOf(institution)
    assert.equal(await metadataOf(institution), first)
    const renamed = await metadataOf({ ...institution, name: 'Another name' })
    assert.match(renamed, /Another name/)
    assert.ok(holds(renamed, String(certificatesIn(parseXml(renamed))[0])))
  })

  it('shows both certificates during a rollover', async () => {
    const institution = anInstitution({}, 'rolling')
    const [before] = certificatesIn(parseXml(await metadataOf(institution)))
    await beginRollover(store, seal, { institution: 'rolling', by: { source: 'admin' }, now: Date.now() })
    const fresh = openServiceProvider({ store, seal, publicUrl: 'https://roll.uni.edu' })
    const xml = await metadataOf(institution, fresh)
    const found = certificatesIn(parseXml(xml))
    assert.equal(found.length, 2)
    assert.ok(found.includes(String(before)))
    assert.ok(holds(xml, String(before)))
    assert.equal((await fresh.context(institution)).decryptionKeys.length, 2)
  })

  for (const [why, wants, told] of [
    ['where its identity provider wants that', [true], 'true'],
    ['where all of them do', [true, true], 'true'],
    ['not where one of them would then miss a signature', [true, false], 'false'],
    ['not where none does', [false], 'false'],
    ['not where there is none yet', [], 'false'],
  ] as const) {
    it(`says that it signs requests ${why}`, async () => {
      const idps = wants.map((signRequests, index) => ({ ...idp, entityId: `${idp.entityId}${index}`, signRequests }))
      const [descriptor] = all(parseXml(await metadataOf(anInstitution({ saml: { idps } }))), 'SPSSODescriptor')
      assert.equal(descriptor && attributeOf(descriptor, 'AuthnRequestsSigned'), told)
    })
  }

  it('asks by an address', async () => {
    const asked = await sp.request(anInstitution({}, 'south'), idp)
    assert.equal(asked.binding, 'redirect')
    const url = new URL(asked.url)
    assert.equal(`${url.origin}${url.pathname}`, 'https://idp.uni.example/sso')
    assert.deepEqual([...url.searchParams.keys()], ['tenant', 'b', 'SAMLRequest'])
    const request = parseXml(inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64')).toString())
    assert.equal(request.uri, NS.samlp)
    assert.equal(attributeOf(request, 'ID'), asked.id)
    assert.equal(attributeOf(request, 'Destination'), idp.ssoUrl)
    assert.equal(attributeOf(request, 'AssertionConsumerServiceURL'), 'https://roll.uni.edu/institutions/south/saml/acs')
    assert.deepEqual(all(request, 'Issuer').map(textOf), ['https://roll.uni.edu/institutions/south/saml/metadata'])
  })

  it('signs the query of that address', async () => {
    const institution = anInstitution({}, 'signing')
    const { url } = await sp.request(institution, { ...idp, signRequests: true })
    const [, signed = '', signature = ''] = /[?&](SAMLRequest=.*)&Signature=([^&]+)$/.exec(url) ?? []
    const [certificate] = certificatesIn(parseXml(await metadataOf(institution)))
    const key = new X509Certificate(Buffer.from(String(certificate), 'base64')).publicKey
    assert.match(signed, /&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256$/)
    assert.ok(verify('sha256', Buffer.from(signed), key, Buffer.from(decodeURIComponent(signature), 'base64')))
  })

  it('asks by a form, which it signs', async () => {
    const institution = anInstitution({}, 'form')
    const asked = await sp.request(institution, { ...idp, ssoBinding: 'post', signRequests: true })
    assert.ok(asked.binding === 'post')
    assert.equal(asked.url, idp.ssoUrl)
    const xml = Buffer.from(asked.fields.SAMLRequest ?? '', 'base64').toString()
    const [certificate] = certificatesIn(parseXml(await metadataOf(institution)))
    assert.ok(holds(xml, String(certificate)))
    assert.deepEqual(
      parseXml(xml).children.map((child) => typeof child === 'object' && child.local),
      ['Issuer', 'Signature', 'NameIDPolicy'],
    )
  })

  it('never asks twice under one ID', async () => {
    const asked = await Promise.all(Array.from({ length: 50 }, () => sp.request(anInstitution(), idp)))
    assert.equal(new Set(asked.map(({ id }) => id)).size, 50)
  })
})
