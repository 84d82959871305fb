import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Scene } from '../../test/saml/response.ts'
import { assertionXml, attributesXml, field, responseXml, signedResponse } from '../../test/saml/response.ts'
import { testIdp } from '../../test/saml/signer.ts'
import { ADA, IDP, IDP_SETTINGS } from '../../test/saml/web.ts'
import type { Refusal } from '../saml/refusal-record.ts'
import { newReference, recordRefusal } from '../saml/refusal-record.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { run } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'matricula-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const HTTPS = { PUBLIC_URL: 'https://roll.uni.example' }

/** Runs a command line in this process, on a store of the test. */
async function matricula(line: string, environment: { [name: string]: string } = HTTPS) {
  const [out, said]: [string[], string[]] = [[], []]
  const code = await run(line.split(' '), {
    environment: { DATA_DIR: folder, ...environment },
    out: (text) => void out.push(text),
    say: (text) => void said.push(text),
  })
  return { code, out: out.join('\n'), said: said.join('\n') }
}

function written(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

before(async () => {
  const saml = {
    idp: { ...IDP_SETTINGS, name: 'shib' },
    contact: { email: 'help@uni.example' },
    accountType: { default: 'Student' },
  }
  const made = await matricula(
    `institution create uni --name Uni --settings ${written('settings.json', JSON.stringify({ saml }))}`,
  )
  assert.equal(made.code, 0, made.said)
})

/** As of now, or as of so many seconds ago. */
function aResponse({ ago = 0, idp = IDP, attributes = ADA as Readonly<Record<string, readonly string[]>> } = {}): string {
  const base = `${HTTPS.PUBLIC_URL}/institutions/uni/saml`
  const now = Date.now() - ago * 1000
  const scene: Scene = { idp, entityId: `${base}/metadata`, acsUrl: `${base}/acs`, inResponseTo: '_x', now }
  const assertion = assertionXml(scene, { attributes: attributesXml(attributes), nameId: '<saml:NameID>x</saml:NameID>' })
  return signedResponse(scene, responseXml(scene, { assertion }))
}

describe('matricula saml check', () => {
  it('shows what the identity provider must know, and what is read from it', async () => {
    const { code, out } = await matricula('saml check uni')
    assert.equal(code, 0, out)
    for (const line of [
      /ACS address +https:\/\/roll\.uni\.example\/institutions\/uni\/saml\/acs/,
      /Identity provider https:\/\/idp\.uni\.example\/idp/,
      /source +saml:shib/,
      /certificates +RSA 2048, good until \d{4}-\d\d-\d\d, SHA-256 [0-9A-F:]+…/,
      /netid +urn:oid:0\.9\.2342\.19200300\.100\.1\.1\n +urn:mace:dir:attribute-def:uid\n/,
      /note {3}a certificate of https:\/\/idp\.uni\.example\/idp runs out on .*: is there a new one\?/,
    ]) {
      assert.match(out, line)
    }
  })

  it('says what will not work', async () => {
    const { code, out } = await matricula('saml check uni', { PUBLIC_URL: 'http://roll.uni.example' })
    assert.equal(code, 1)
    assert.match(
      out,
      /^WRONG {2}PUBLIC_URL is http:\/\/roll\.uni\.example: browsers keep the cookies of a sign-in over https alone$/m,
    )
    await matricula('institution create none --name None')
    const none = await matricula('saml check none')
    assert.equal(none.code, 1)
    assert.match(none.out, /^WRONG {2}None has no identity provider: matricula institution set none --saml-metadata FILE\|URL$/m)
    assert.match(none.out, /^note {3}people who cannot sign in are told to ask .*set saml\.contact$/m)
  })

  it('says of how many people an address alone tells who they are, unless a sign-in adds the netid', async () => {
    const people =
      'netid,email,first_name,last_name,account_type\n,bob@uni.example,Bob,Bird,Staff\ncy1,cy@uni.example,Cy,Crow,Staff\n'
    await matricula('institution create roll --name Roll')
    assert.equal((await matricula(`import ${written('people.csv', people)} --institution roll`)).code, 0)
    const said = async (saml: object) => {
      const file = written('roll.json', JSON.stringify({ saml: { idp: IDP_SETTINGS, ...saml } }))
      await matricula(`institution set roll --settings ${file}`)
      return (await matricula('saml check roll')).out
    }
    assert.match(await said({}), /^note {3}1 on the roll have an address and no netid: .* Set saml\.update to "gaps"/m)
    assert.doesNotMatch(await said({ update: 'gaps' }), /no netid/)
  })

  for (const [why, text] of [
    ['as XML', aResponse()],
    ['as base64', field(aResponse())],
    ['as the posted form', String(new URLSearchParams({ SAMLResponse: field(aResponse()), RelayState: '/x' }))],
  ] as const) {
    it(`shows what a response would do, given ${why}, and does nothing`, async () => {
      const { code, out } = await matricula(`saml check uni --response ${written('response', text)}`)
      assert.equal(code, 0, out)
      assert.match(out, /is believed +from https:\/\/idp\.uni\.example\/idp\n/)
      assert.match(out, /netid +ada {2}\(uid\)\n/)
      assert.match(out, /account_type +Student {2}\(given to everybody\)\n/)
      assert.match(out, /the roll +the person would be created$/)
      assert.match((await matricula('user list --institution uni')).out, /^(?!.*ada@)/s)
    })
  }

  for (const [why, text, line] of [
    [
      'judges yesterday’s as of yesterday',
      aResponse({ ago: 86_400 }),
      /is believed +from .*, as of \d{4}-.*; by now it is refused for its age\n/,
    ],
    [
      'tells why it would not be believed, and what to do',
      aResponse({ idp: testIdp(IDP.entityId) }),
      /is refused +key: .*\n.*attributes, as far as read +uid\n[\s\S]*what to do +The identity provider may have a new certificate/,
    ],
    [
      'tells what is missing',
      aResponse({ attributes: { uid: ['ada'] } }),
      /is turned away +required_missing: email is missing[\s\S]*what to do +Release the missing attributes/,
    ],
    ['tells that it is no response', 'hello', /is refused +encoding: SAMLResponse is not base64/],
  ] as const) {
    it(why, async () => {
      const { code, out } = await matricula(`saml check uni --response ${written('response', text)}`)
      assert.match(out, line)
      assert.equal(code, why.startsWith('judges') ? 0 : 1)
    })
  }
})

describe('matricula saml explain', () => {
  it('tells the reason of a refused sign-in, what came, and what to do', async () => {
    const reference = newReference()
    await using store = await openSqlite({ path: join(folder, 'matricula.db') })
    const refusal: Refusal = {
      failure: 'conflict',
      code: 'key_disagrees',
      detail: 'the email belongs to somebody with another netid',
      idp: IDP.entityId,
      source: 'saml:shib',
      attributeNames: ['uid', 'mail'],
      from: { netid: 'uid', email: 'mail' },
      records: ['some-id'],
    }
    const now = Date.now()
    await recordRefusal(store, { institution: 'uni', reference, refusal, now })
    const { code, out } = await matricula(`saml explain ${reference.toLowerCase().replace('-', '')}`)
    assert.equal(code, 0)
    assert.equal(
      out.replaceAll(/^ {2}/gm, ''),
      [
        `reference             ${reference}`,
        `when                  ${new Date(now).toISOString()}`,
        'institution           uni',
        `identity provider     ${IDP.entityId} (source saml:shib)`,
        'the person saw        We could not match your account (409)',
        'reason                key_disagrees: the email belongs to somebody with another netid',
        'attributes that came  uid',
        '                      mail',
        'read as               netid from uid',
        '                      email from mail',
        'records that it met   some-id  (matricula user show some-id --institution uni)',
        `what to do            ${out.slice(out.indexOf('Look at the record'))}`,
      ].join('\n'),
    )
  })

  for (const [why, reference, said] of [
    [
      'a reference that nobody was given',
      '7K3QF-M2X9D',
      'no refused sign-in has the reference 7K3QF-M2X9D; those of a flood are in the log alone',
    ],
    ['what is no reference', 'hello', '"hello" is no reference; one looks like 7K3QF-M2X9D'],
  ] as const) {
    it(`refuses ${why}`, async () => {
      const ran = await matricula(`saml explain ${reference}`)
      assert.equal(ran.code, 1)
      assert.ok(ran.said.includes(said), ran.said)
    })
  }
})
