/**
 * Two real identity providers, whatever they sign, encrypt and call things.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { RunningIdp } from './saml/idp-process.ts'
import { noPysaml2, startPysaml2 } from './saml/pysaml2.ts'
import { samlOf, setSaml } from './saml/service.ts'
import type { SimpleSamlOptions } from './saml/simplesamlphp.ts'
import { noSimpleSaml, startSimpleSaml } from './saml/simplesamlphp.ts'
import { walk } from './saml/walk.ts'
import { Server } from './server.ts'

for (const missing of [noSimpleSaml, noPysaml2])
  if (missing !== undefined && process.env.CI !== undefined) throw new Error(missing)

describe('a person signs in', () => {
  let server: Server
  before(async () => {
    server = await Server.start()
  })
  after(() => server[Symbol.asyncDispose]())

  async function signedIn(idp: RunningIdp, person: string, signRequests = false): Promise<object> {
    await setSaml(server, { idp: { ...idp.settings, signRequests } })
    const { base } = samlOf(server)
    const page = await walk(`${base}/login`, server.origin, { username: person, password: `${person}-password` })
    const [, reference] = /class="reference">([^<]+)</.exec(page.html) ?? []
    const why = reference === undefined ? '' : (await server.run('saml', 'explain', reference)).stdout
    assert.deepEqual([page.status, page.headers.get('location')], [303, new URL(`${base}/signed-in`).pathname], why)
    assert.match(page.headers.getSetCookie().join(), /^session-test-uni=/)
    const headers = { authorization: `Bearer ${await server.makeToken('api')}` }
    const found = (await (await fetch(`${server.api}/users?netid=${person}`, { headers })).json()) as {
      users: { user: object }[]
    }
    assert.equal(found.users.length, 1)
    return found.users[0]?.user ?? {}
  }

  describe('through SimpleSAMLphp', { skip: noSimpleSaml ?? false }, () => {
    const ADA = {
      netid: 'ada',
      email: 'ada@uni.example',
      first_name: 'Ada',
      last_name: 'Lovelace',
      account_type: 'Student',
      account_status: 'active',
    }
    for (const [why, options] of [
      ['that signs both, and uses short names', {}],
      ['that signs the assertion alone, and names attributes by OID', { signs: 'assertion', names: 'oid' }],
      ['that signs the response alone', { signs: 'response', names: 'oid' }],
      ['that encrypts', { encrypts: true, names: 'oid' }],
      ['that wants requests signed', { checksRequests: true }],
    ] as const satisfies readonly (readonly [string, Partial<SimpleSamlOptions>])[]) {
      it(why, async () => {
        const sp = samlOf(server)
        const metadata = await (await fetch(sp.entityId)).text()
        const [, spCertificate = ''] = /<ds:X509Certificate>([^<]+)</.exec(metadata) ?? []
        await using idp = await startSimpleSaml({ sp, spCertificate, ...options })
        assert.deepEqual(await signedIn(idp, 'ada', 'checksRequests' in options), ADA)
      })
    }
  })

  it('through pysaml2, which reads our metadata and wants requests signed', { skip: noPysaml2 ?? false }, async () => {
    await using idp = await startPysaml2(samlOf(server).entityId)
    assert.deepEqual(await signedIn(idp, 'grace', true), {
      netid: 'grace',
      email: 'grace@uni.example',
      first_name: 'Grace',
      last_name: 'Hopper',
      account_type: 'Staff',
      account_status: 'active',
    })
  })
})
