/**
 * Signing in over the web: what a browser gets, what a platform gets, and what stays behind in the store.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { changeInstitution } from '../src/directory/institution-changes.ts'
import type { SamlDeps } from '../src/saml/deps.ts'
import type { SignInRequest } from '../src/saml/sign-in-request.ts'
import { EVERYTHING } from '../src/store/predicate.ts'
import type { Store } from '../src/store/store.ts'
import { testIdp } from './saml/signer.ts'
import type { Web, WebOptions } from './saml/web.ts'
import { assertRefused, Browser, IDP, IDP_SETTINGS, openWeb, sessions, settingsOf } from './saml/web.ts'
import { forEachStore } from './stores.ts'

const APP = 'https://app.uni.example/return'

await forEachStore((name, place) => {
  describe(`signing in, on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(() => store[Symbol.asyncDispose]())

    const open = (options: WebOptions = {}) => openWeb(store, options)
    const roll = ({ institution }: Web) => store.count('users', institution._id, EVERYTHING)

    it('ends with a new session on a page that says who one is, and a person on the roll', async () => {
      const web = await open()
      const browser = new Browser(web)
      const response = await browser.signIn()
      assert.equal(response.status, 303, await response.text())
      const location = response.headers.get('location') ?? ''
      assert.equal(location, `/institutions/${web.institution._id}/saml/signed-in`)
      const page = await (await browser.get('/signed-in')).text()
      assert.match(page, /You are signed in as <strong>Ada Lovelace<\/strong>/)
      assert.deepEqual([await roll(web), await sessions(web)], [1, 1])
      const [user] = await store.find('users', web.institution._id, { where: EVERYTHING, limit: 1 })
      const events = await store.find('events', web.institution._id, {
        where: { op: 'eq', path: 'subject', value: user?._id ?? '' },
        limit: 10,
      })
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ['user.created', 'sign_in.accepted'],
      )
      assert.deepEqual([web.failures, web.ended], [[], ['accepted']])
    })

    it('finds who was there before, in another session', async () => {
      const web = await open()
      const cookies = []
      for (const browser of [new Browser(web), new Browser(web)]) cookies.push((await browser.signIn()).headers.getSetCookie()[0])
      assert.deepEqual([await roll(web), await sessions(web)], [1, 2])
      assert.notEqual(cookies[0], cookies[1])
    })

    it('takes whom attributes alone name, as AD FS sends people without a rule for a NameID', async () => {
      const web = await open()
      assert.equal((await new Browser(web).signIn({ assertion: { nameId: '' } })).status, 303)
      const refused = await new Browser(await open()).signIn({ assertion: { nameId: '' }, attributes: {} })
      assert.equal(refused.status, 422)
    })

    it('does not go on under a session that the browser brought', async () => {
      const web = await open()
      const browser = new Browser(web)
      const named = `session-${web.institution._id}`
      browser.cookies.set(named, 'A'.repeat(43))
      await browser.signIn()
      assert.notEqual(browser.cookies.get(named), 'A'.repeat(43))
    })

    it('ends when the person signs out, and with it what the cookie was worth', async () => {
      const web = await open()
      const browser = new Browser(web)
      await browser.signIn()
      const [name, value] = [...browser.cookies].find(([one]) => one.startsWith('session-')) ?? ['', '']
      const out = await browser.post('/logout')
      assert.equal(out.status, 200)
      assert.equal(browser.cookies.has(name), false)
      browser.cookies.set(name, value)
      assert.equal((await browser.get('/signed-in')).status, 403)
      assert.equal(await sessions(web), 0)
    })

    it('is over for who was switched off meanwhile', async () => {
      const web = await open()
      const browser = new Browser(web)
      await browser.signIn()
      const [user] = await store.find('users', web.institution._id, { where: EVERYTHING, limit: 1 })
      assert.ok(user)
      const off = { ...user, version: 'off', resource: { ...(user.resource as object), active: false } }
      await store.write([{ collection: 'users', op: 'replace', doc: off, expected: user.version }])
      assert.equal((await browser.get('/signed-in')).status, 403)
      assert.equal((await browser.get('/logout')).status, 200)
      await assertRefused(web, await browser.signIn(), 403, 'inactive')
    })

    for (const [why, query, relayState, location] of [
      ['a path here that was asked for', '?return=/groups/12', undefined, '/groups/12'],
      ['a path here that came as RelayState', '?RelayState=/groups/12', undefined, '/groups/12'],
      ['the path that was asked for, whatever came back', '?return=/groups/12', '/elsewhere', '/groups/12'],
      ['a path here that the identity provider names', '', '/groups/12', '/groups/12'],
      ['the first registered address when nothing is asked for', '', undefined, `${APP}?code=`],
      ['the first registered address instead of another site', '', 'https://evil.example/', `${APP}?code=`],
      ['the first registered address instead of a path that is another site', '', '//evil.example/', `${APP}?code=`],
      ['a registered address', `?return=${encodeURIComponent('https://b.example/')}`, undefined, 'https://b.example/?code='],
      ['a registered address that the identity provider names', '', 'https://b.example/', 'https://b.example/?code='],
      [
        'a registered address, with the platform’s own word',
        `?return=${encodeURIComponent(APP)}&state=a%26b`,
        undefined,
        `${APP}?code=CODE&state=a%26b`,
      ],
    ] as const) {
      it(`leads to ${why}`, async () => {
        const web = await open({ saml: { returnUrls: [APP, 'https://b.example/'] } })
        const response = await new Browser(web).signIn(relayState === undefined ? {} : { relayState }, query)
        const found = response.headers
          .get('location')
          ?.replace(/code=[\w-]{43}/, location.includes('CODE') ? 'code=CODE' : 'code=')
        assert.equal(found, location)
        assert.equal(response.headers.get('referrer-policy'), 'no-referrer')
        assert.equal(response.headers.get('cache-control'), 'no-store')
      })
    }

    const declined = { response: { status: `<samlp:Status><samlp:StatusCode Value="urn:x:no"/></samlp:Status>` } }
    const late = { assertion: { head: 'Version="2.0" IssueInstant="2026-01-01T00:00:00Z"' } }
    const toApp = `?return=${encodeURIComponent(APP)}&state=s%26t`
    for (const [why, query, answer, again] of [
      ['that the identity provider declined', toApp, declined, toApp],
      ['that came too late', toApp, late, toApp],
      ['that brings too little of a person', toApp, { attributes: {} }, toApp],
      ['to a path here', '?return=/groups/12', declined, '?return=%2Fgroups%2F12'],
      ['that leads nowhere in particular', '', declined, ''],
      [
        'that the identity provider wanted to lead here',
        '',
        { ...declined, relayState: APP },
        `?return=${encodeURIComponent(APP)}`,
      ],
      ['that the identity provider wanted to lead elsewhere', '', { ...declined, relayState: 'https://evil.example/' }, ''],
    ] as const) {
      it(`lets people try a sign-in again ${why}`, async () => {
        const web = await open({ saml: { returnUrls: [APP] } })
        const page = await (await new Browser(web).signIn(answer, query)).text()
        assert.equal(/href="login([^"]*)">Try again/.exec(page)?.[1]?.replaceAll('&amp;', '&'), again)
      })
    }

    it('takes no answer after a quarter of an hour, and then lets people begin again as before', async () => {
      const web = await open({ saml: { returnUrls: [APP] } })
      const browser = new Browser(web)
      const inResponseTo = await browser.begin(toApp)
      const asked = (await store.get('signInRequests', web.institution._id, inResponseTo)) as SignInRequest
      assert.equal(Math.round((asked.until - Date.now()) / 60_000), 15)
      const over = { ...asked, version: 'over', until: Date.now() }
      await store.write([{ collection: 'signInRequests', op: 'replace', doc: over, expected: asked.version }])
      const page = await browser.post('/acs', web.answer({ inResponseTo }))
      assert.match(await page.clone().text(), /href="login\?return=[^"]*&amp;state=s%26t">Try again/)
      assert.match((await assertRefused(web, page, 403, 'request')).detail, /more than a quarter of an hour ago/)
    })

    it('tells another browser nothing of where a sign-in was to lead', async () => {
      const web = await open({ saml: { returnUrls: [APP] } })
      const inResponseTo = await new Browser(web).begin(toApp)
      const other = new Browser(web)
      await other.begin()
      const page = await other.post('/acs', web.answer({ inResponseTo }))
      assert.match(await page.clone().text(), /href="login">Try again/)
      const refusal = await assertRefused(web, page, 403, 'request')
      assert.doesNotMatch(JSON.stringify([refusal, web.lines]), /s%26t|s&t/)
    })

    for (const [why, query, code] of [
      ['to another site', '?return=https://evil.example/', 'return'],
      ['to a path that is another site', '?RelayState=//evil.example', 'return'],
      ['with an identity provider of nobody', '?idp=https://evil.example/idp', 'idp'],
      ['with a word without end', `?state=${'x'.repeat(600)}`, 'state'],
    ] as const) {
      it(`does not begin ${why}`, async () => {
        const web = await open({ saml: { returnUrls: [APP] } })
        await assertRefused(web, await new Browser(web).get(`/login${query}`), 400, code)
      })
    }

    for (const [why, given, status, code] of [
      ['of which nothing is known here', { inResponseTo: '_unknown' }, 403, 'request'],
      ['for which nobody asked', {}, 403, 'request'],
      ['that lacks what a new person needs', { attributes: { uid: ['bare'] } }, 422, 'required_missing'],
      ['that is not signed by the institution’s identity provider', { idp: testIdp('https://idp.uni.example/idp') }, 403, 'key'],
      [
        'in which the identity provider says no',
        {
          response: {
            status: '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"/></samlp:Status>',
          },
        },
        403,
        'status',
      ],
    ] as const) {
      it(`refuses a response ${why}, and tells the administrator alone`, async () => {
        const web = await open()
        const browser = new Browser(web)
        const asked = await browser.begin()
        const isAsked = !why.startsWith('of which') && !why.startsWith('for which')
        const response = await browser.post('/acs', web.answer({ ...(isAsked && { inResponseTo: asked }), ...given }))
        const refusal = await assertRefused(web, response, status, code)
        assert.doesNotMatch(JSON.stringify(refusal) + web.lines.join(), /ada@uni|Lovelace/)
        assert.deepEqual([await roll(web), web.ended], [0, [code]])
      })
    }

    it('looks for newer metadata when what is known is over, and lets the person in by it', async () => {
      const looked: string[] = []
      const over: Partial<SamlDeps> = {
        async refresh({ _id: id }, entityId) {
          looked.push(entityId)
          const settings = { saml: { idp: { validUntil: null } } }
          await changeInstitution(store, { id, settings, checks: [], by: { source: 'saml' }, now: Date.now() })
          return true
        },
      }
      const web = await open({ saml: { idp: { ...IDP_SETTINGS, validUntil: '2026-01-01T00:00:00Z' } }, over })
      assert.equal((await new Browser(web).signIn()).status, 303)
      assert.deepEqual(looked, [IDP_SETTINGS.entityId])
    })

    it('says of which identity provider a response claims to be that is not believed, where that is a known one', async () => {
      for (const [entityId, code, idp] of [
        [IDP.entityId, 'key', IDP.entityId],
        ['https://evil.example/idp', 'idp', undefined],
      ] as const) {
        const web = await open()
        const browser = new Browser(web)
        const response = await browser.post('/acs', web.answer({ inResponseTo: await browser.begin(), idp: testIdp(entityId) }))
        assert.equal((await assertRefused(web, response, 403, code)).idp, idp)
      }
    })

    it('tells a person what the account lacks, by its human name', async () => {
      const web = await open({
        saml: { contact: { name: 'IT <Desk>', email: 'help@uni.example', url: 'https://help.uni.example/' } },
      })
      const response = await new Browser(web).signIn({ attributes: { uid: ['bare'] } })
      const page = await response.text()
      assert.match(page, /Missing: <strong>E-mail, First name, Last name, Account type<\/strong>/)
      assert.match(page, /<a href="https:\/\/help\.uni\.example\/">IT &lt;Desk&gt;<\/a>, <a href="mailto:help@uni\.example">/)
      assert.doesNotMatch(page, /bare|uid/)
    })

    it('keeps in mind which attributes came and what they were read as', async () => {
      const web = await open()
      const refusal = await assertRefused(
        web,
        await new Browser(web).signIn({ attributes: { uid: ['bare'], color: ['green'] } }),
        422,
        'required_missing',
      )
      assert.deepEqual(refusal.attributeNames, ['uid', 'color'])
      assert.deepEqual(refusal.from, { netid: 'uid' })
      assert.deepEqual(refusal.missing, ['email', 'first_name', 'last_name', 'account_type'])
      assert.equal(refusal.source, 'saml')
    })

    it('takes an answer once, from the browser that asked, of the identity provider that was asked', async () => {
      const other = testIdp('https://other.uni.example/idp')
      const web = await open({ saml: { idps: [settingsOf(other)] } })
      const [browser, thief] = [new Browser(web), new Browser(web)]
      await thief.begin(`?idp=${encodeURIComponent(IDP_SETTINGS.entityId)}`)
      const inResponseTo = await browser.begin(`?idp=${encodeURIComponent(IDP_SETTINGS.entityId)}`)
      const answer = web.answer({ inResponseTo })
      const stolen = await assertRefused(web, await thief.post('/acs', answer), 403, 'request')
      assert.match(stolen.detail, /another browser/)
      const without = await assertRefused(web, await new Browser(web).post('/acs', answer), 403, 'request')
      assert.match(without.detail, /no cookie/)
      const byOther = await assertRefused(
        web,
        await browser.post('/acs', web.answer({ inResponseTo, idp: other })),
        403,
        'request',
      )
      assert.match(byOther.detail, /asked of https:\/\/idp\.uni\.example\/idp/)
      assert.equal((await browser.post('/acs', answer)).status, 303)
      assert.equal((await browser.post('/acs', answer)).status, 403)
      assert.equal(await sessions(web), 1)
    })

    it('lets several sign-ins of one browser go on beside each other', async () => {
      const web = await open()
      const browser = new Browser(web)
      const [first, second] = [await browser.begin(), await browser.begin()]
      for (const inResponseTo of [first, second])
        assert.equal((await browser.post('/acs', web.answer({ inResponseTo }))).status, 303)
    })

    it('does not take an answer meant for another institution', async () => {
      const [here, there] = [await open(), await open()]
      const browser = new Browser(there)
      const inResponseTo = await browser.begin()
      await assertRefused(there, await browser.post('/acs', here.answer({ inResponseTo })), 403, 'address')
    })

    describe('where it may begin at the identity provider', () => {
      it('takes an answer that nobody asked for, once', async () => {
        const web = await open({ saml: { allowUnsolicited: true } })
        const answer = web.answer({})
        assert.equal((await new Browser(web).post('/acs', answer)).status, 303)
        const again = await new Browser(web).post('/acs', answer)
        assert.equal(again.status, 403)
        assert.equal(await sessions(web), 1)
      })

      it('still takes no answer to a question of somebody else', async () => {
        const web = await open({ saml: { allowUnsolicited: true } })
        const inResponseTo = await new Browser(web).begin()
        await assertRefused(web, await new Browser(web).post('/acs', web.answer({ inResponseTo })), 403, 'request')
      })

      it('may be the rule of one identity provider alone', async () => {
        const other = testIdp('https://other.uni.example/idp')
        const web = await open({ saml: { idps: [{ ...settingsOf(other), allowUnsolicited: true }] } })
        await assertRefused(web, await new Browser(web).post('/acs', web.answer({})), 403, 'request')
        assert.equal((await new Browser(web).post('/acs', web.answer({ idp: other }))).status, 303)
      })
    })

    it('gives one session for a hundred copies of one answer, asked for or not', async () => {
      for (const isAsked of [true, false]) {
        const web = await open({ saml: { allowUnsolicited: true } })
        const browser = new Browser(web)
        const inResponseTo = await browser.begin()
        const answer = web.answer(isAsked ? { inResponseTo } : {})
        const all = await Promise.all(Array.from({ length: 100 }, () => browser.post('/acs', answer)))
        assert.deepEqual(all.map(({ status }) => status).sort(), [303, ...Array.from({ length: 99 }, () => 403)])
        assert.equal(await sessions(web), 1)
      }
    })

    it('tells a platform to which sign-in of its own a code belongs, whatever stands beside it in the address', async () => {
      const web = await open({ saml: { returnUrls: [APP] } })
      const location = (await new Browser(web).signIn({}, `?state=of-the-victim`)).headers.get('location') ?? ''
      const body = JSON.stringify({ code: new URL(location).searchParams.get('code'), return_url: APP })
      const answer = await web.fetch('/token', { method: 'POST', body, headers: { 'content-type': 'application/json' } })
      const { token } = (await answer.json()) as { token: string }
      const issuer = `http://127.0.0.1:3000/institutions/${web.institution._id}`
      const claims = await web.signingKeys.verify(token, { type: 'sign-in+jwt', issuer, audience: APP })
      assert.equal(claims?.state, 'of-the-victim')
    })

    it('shows a platform who it was, once, by a signed token', async () => {
      const web = await open({ saml: { returnUrls: [APP, 'https://b.example/'] } })
      const exchange = (body: object) =>
        web.fetch('/token', { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
      const code = async () => new URL((await new Browser(web).signIn()).headers.get('location') ?? '').searchParams.get('code')
      const sent = { code: await code(), return_url: APP, fields: ['email', 'first_name', 'phone_number'] }
      const response = await exchange(sent)
      assert.equal(response.status, 200)
      assert.equal(response.headers.get('cache-control'), 'no-store')
      const { token } = (await response.json()) as { token: string }
      const wanted = { type: 'sign-in+jwt', issuer: `http://127.0.0.1:3000/institutions/${web.institution._id}`, audience: APP }
      const claims = await web.signingKeys.verify(token, wanted)
      const [user] = await store.find('users', web.institution._id, { where: EVERYTHING, limit: 1 })
      assert.equal(claims?.sub, user?._id)
      assert.equal(claims?.idp, IDP_SETTINGS.entityId)
      assert.deepEqual(claims?.user, { email: 'ada@uni.example', first_name: 'Ada' })
      assert.equal(await web.signingKeys.verify(token, { ...wanted, audience: 'https://b.example/' }), undefined)
      assert.equal(claims?.state, undefined)
      assert.equal((await exchange(sent)).status, 400)
      assert.equal((await exchange({ ...sent, code: await code(), return_url: 'https://b.example/' })).status, 400)
      for (const [body, status, detail] of [
        [{ ...sent, code: 'x' }, 400, /the code was used/],
        [{ ...sent, field: [] }, 422, /there is no member "field" \(did you mean "fields"\?\)/],
        [{ ...sent, fields: ['e-mail'] }, 422, /there is no field "e-mail" \(did you mean "email"\?\)/],
        [{ ...sent, fields: 'email' }, 422, /fields should be a list/],
        [{ code: sent.code }, 422, /return_url is missing/],
        [{ return_url: APP }, 422, /code is missing/],
      ] as const) {
        const refused = await exchange(body)
        assert.equal(refused.status, status)
        assert.match(((await refused.json()) as { detail: string }).detail, detail)
      }
    })
  })
})
