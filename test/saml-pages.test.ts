/**
 * What people see on the way in and out, and where it may lead.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { rateLimiter } from '../src/limits/rate.ts'
import type { Store } from '../src/store/store.ts'
import { StoreError } from '../src/store/store.ts'
import { testIdp } from './saml/signer.ts'
import type { WebOptions } from './saml/web.ts'
import { assertRefused, Browser, openWeb, settingsOf } from './saml/web.ts'
import { forEachStore } from './stores.ts'

const APP = 'https://app.uni.example/return'

await forEachStore((name, place) => {
  describe(`the pages of signing in, on ${name}`, () => {
    let store: Store
    before(async () => {
      store = await place().open()
    })
    after(() => store[Symbol.asyncDispose]())

    const open = (options: WebOptions = {}) => openWeb(store, options)

    it('begins at the identity provider that the address, the e-mail or the person names', async () => {
      const other = testIdp('https://other.uni.example/idp')
      const idps = [{ ...settingsOf(other), title: 'Alumni & friends', domains: ['alumni.example'] }]
      const web = await open({ saml: { idps, returnUrls: [APP] } })
      const to = async (query: string) => new URL((await web.fetch(`/login${query}`)).headers.get('location') ?? '').host
      assert.equal(await to(`?idp=${encodeURIComponent(other.entityId)}`), 'other.uni.example')
      assert.equal(await to('?email=Ada@Alumni.example'), 'other.uni.example')
      const page = await (await web.fetch(`/login?return=${encodeURIComponent(APP)}&state=a%22b`)).text()
      const links = [...page.matchAll(/href="(\?[^"]+)">([^<]+)</g)].map(([, query = '', text]) => [
        query.replaceAll('&amp;', '&'),
        text,
      ])
      assert.deepEqual(
        links.map(([, text]) => text),
        ['idp.uni.example', 'Alumni &amp; friends'],
      )
      assert.equal(await to(String(links[1]?.[0])), 'other.uni.example')
      assert.match(page, /name="state" value="a&quot;b"/)
      const unknown = await web.fetch('/login?email=%22%3E%3Cscript%3E@x')
      assert.equal(unknown.status, 200)
      const text = await unknown.text()
      assert.match(text, /id="unknown" role="alert">Nobody signs in with an address like this one/)
      // Who cannot see the page is at the field when it opens, and hears what is wrong with it.
      assert.match(text, /<input id="email" [^>]* aria-describedby="unknown" aria-invalid="true" autofocus>/)
      assert.doesNotMatch(text, /<script/)
    })

    it('refuses to begin where there is no identity provider yet', async () => {
      const web = await openWeb(store, { saml: { idp: null as never } })
      await assertRefused(web, await web.fetch('/login'), 400, 'no_idp')
    })

    it('sends a request by a form where the identity provider wants that', async () => {
      const request = async () =>
        ({ id: '_r', binding: 'post', url: 'https://idp.uni.example/post', fields: { SAMLRequest: '"x"' } }) as const
      const sp = {
        context: async () => ({ entityId: 'a', acsUrl: 'b', decryptionKeys: [] }),
        metadata: async () => new Response(''),
        request,
      }
      const response = await (await open({ over: { sp } })).fetch('/login')
      const page = await response.text()
      assert.match(
        page,
        /<form method="post" action="https:\/\/idp\.uni\.example\/post">\s*<input type="hidden" name="SAMLRequest" value="&quot;x&quot;">/,
      )
      assert.match(response.headers.get('content-security-policy') ?? '', /script-src 'sha256-[^']+'; form-action https: http:;/)
    })

    for (const [why, path, method, status, allow] of [
      ['an institution that nobody made', '/login', 'GET', 404, null],
      ['reading what is posted', '/acs', 'GET', 405, 'POST'],
      ['posting what is read', '/login', 'POST', 405, 'GET, HEAD'],
      ['deleting a session that way', '/logout', 'DELETE', 405, 'GET, POST, HEAD'],
    ] as const) {
      it(`has a page for ${why}`, async () => {
        const web = await open()
        const response = await web.fetch(
          status === 404 ? path.replace('/', `${web.base.replace(web.institution._id, 'nowhere')}/`) : path,
          { method },
        )
        assert.deepEqual([response.status, response.headers.get('allow')], [status, allow])
        const page = await response.text()
        assert.match(page, /<!doctype html>/)
        // None was given.
        assert.doesNotMatch(page, /the reference below/)
        if (status === 405) assert.match(page, /<a class="button" href="login">Try again<\/a>/)
      })
    }

    for (const [binding, query] of [
      ['HTTP-Redirect', 'SAMLResponse=fZA%3D&SigAlg=x&Signature=y'],
      ['HTTP-Artifact', 'SAMLart=AAQAAM'],
    ] as const) {
      it(`records a response that came by ${binding}, and what to set instead`, async () => {
        const web = await open()
        const { detail } = await assertRefused(web, await web.fetch(`/acs?${query}`), 400, 'form')
        assert.match(detail, /should come by HTTP-POST/)
        assert.deepEqual(web.ended, ['form'])
      })
    }

    it('serves pages that nobody can frame, keep or script', async () => {
      const web = await open()
      const { headers } = await web.fetch('/signed-in')
      const policy = headers.get('content-security-policy') ?? ''
      assert.match(
        policy,
        /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      )
      assert.deepEqual(
        ['x-content-type-options', 'x-frame-options', 'referrer-policy', 'cache-control'].map((one) => headers.get(one)),
        ['nosniff', 'DENY', 'no-referrer', 'no-store'],
      )
    })

    it('offers no single logout, and says so', async () => {
      const web = await open()
      const browser = new Browser(web)
      for (const response of [
        await browser.get('/logout?SAMLRequest=x'),
        await browser.post('/logout', 'SAMLRequest=x'),
        await browser.post('/logout', 'SAMLResponse=x'),
      ]) {
        await assertRefused(web, response, 400, 'single_logout')
      }
    })

    it('leads on after signing out, to registered addresses alone', async () => {
      const web = await open({ saml: { returnUrls: [APP] } })
      const out = await web.fetch(`/logout?return=${encodeURIComponent(APP)}`)
      assert.deepEqual([out.status, out.headers.get('location')], [303, APP])
      await assertRefused(web, await web.fetch('/logout?return=https://evil.example/'), 400, 'return')
    })

    it('lets sixty sign-ins a minute come from one address, and begins no more', async () => {
      const limiter = rateLimiter(() => 0)
      const web = await open({ settings: { rateLimit: { perSecond: 100 } }, over: { limiter } })
      const from = (address: string) => web.fetch('/login', {}, address)
      const all = await Promise.all(Array.from({ length: 80 }, () => from('192.0.2.1')))
      assert.equal(all.filter(({ status }) => status === 302).length, 60)
      assert.equal(all.filter(({ status }) => status === 429).length, 20)
      assert.equal((await from('192.0.2.2')).status, 302)
      const { status, headers } = await web.fetch(
        '/acs',
        { method: 'POST', body: web.answer({}), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
        '192.0.2.1',
      )
      assert.deepEqual([status, headers.get('retry-after')], [403, null])
      assert.equal(all.find(({ status }) => status === 429)?.headers.get('retry-after'), '1')
    })

    it('asks to come again while the store is away, and leaves no trace', async () => {
      const web = await open()
      const browser = new Browser(web)
      const inResponseTo = await browser.begin()
      const away = async () => {
        throw new StoreError('unavailable', 'the store is away')
      }
      const broken = await openWeb(store, { over: { store: Object.assign(Object.create(store), { take: away, get: away }) } })
      const page = await broken.fetch('/login?return=/a&state=b')
      assert.equal(page.status, 503)
      assert.match(await page.text(), /href="login\?return=\/a&amp;state=b">Try again/)
      assert.equal((broken.failures[0] as Error).message, 'the store is away')
      assert.equal((await browser.post('/acs', web.answer({ inResponseTo }))).status, 303)
    })
  })
})
