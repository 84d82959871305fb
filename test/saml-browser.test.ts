/**
 * People at a real browser sign in through a real identity provider: SimpleSAMLphp.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { noChromium, openChromium } from './saml/chromium.ts'
import type { RunningIdp } from './saml/idp-process.ts'
import { openPlatform } from './saml/platform.ts'
import { samlOf, setSaml } from './saml/service.ts'
import { noSimpleSaml, startSimpleSaml } from './saml/simplesamlphp.ts'
import { Server } from './server.ts'

const missing = noSimpleSaml ?? noChromium
if (missing !== undefined && process.env.CI !== undefined) throw new Error(missing)

/** A folder for pictures of the pages, for whoever wants to look at them. */
const SHOTS = process.env.SCREENSHOTS

describe('a person at a browser', { skip: missing ?? false }, () => {
  const open = new AsyncDisposableStack()
  let server: Server
  let idp: RunningIdp
  let browser: Browser
  before(async () => {
    server = open.use(await Server.start())
    idp = open.use(await startSimpleSaml({ sp: samlOf(server) }))
    browser = open.use(await openChromium())
    await setSaml(server, {
      idp: idp.settings,
      contact: { name: 'IT Service Desk', email: 'help@uni.example' },
    })
  })
  after(() => open.disposeAsync())

  /** A browser that nobody has used before. */
  async function visit(): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 700 } })
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    page.on('pageerror', (error) => assert.fail(error))
    return page
  }

  async function signIn(page: Page, name: string): Promise<void> {
    await page.goto(`${samlOf(server).base}/login`)
    await page.fill('input[name=username]', name)
    await page.fill('input[name=password]', `${name}-password`)
    await page.click('[type=submit]')
    // Its page with the answer sends itself; where scripts are slow to come the button does it.
    await page.waitForURL(`${server.origin}/**`)
  }

  async function textAt(page: Page, selector: string): Promise<string> {
    return ((await page.textContent(selector)) ?? '').replace(/\s+/g, ' ').trim()
  }

  async function shoot(page: Page, name: string): Promise<void> {
    if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${name}.png` })
  }

  async function roll(): Promise<readonly { readonly id: string; readonly user: object }[]> {
    const token = await server.makeToken('api')
    const answer = await fetch(`${server.api}/users`, { headers: { authorization: `Bearer ${token}` } })
    return ((await answer.json()) as { users: [] }).users
  }

  it('is created at the first sign-in, found at the second, and greeted by name', async () => {
    const page = await visit()
    await signIn(page, 'zoe')
    await page.waitForSelector('h1:has-text("You are signed in")')
    assert.match(await textAt(page, 'main'), /as Zoë O'Brien & Łukasiewicz <née Ж>\./)
    await shoot(page, 'signed-in')
    const first = await roll()
    assert.equal(first.length, 1)
    assert.deepEqual(first[0]?.user, {
      netid: 'zoe',
      email: 'zoe@uni.example',
      first_name: 'Zoë',
      last_name: "O'Brien & Łukasiewicz <née Ж>",
      account_type: 'Faculty',
      account_status: 'active',
    })
    const other = await visit()
    await signIn(other, 'zoe')
    await other.waitForSelector('h1:has-text("You are signed in")')
    assert.deepEqual(await roll(), first)
  })

  it('has a session that no script can read, and that ends with signing out', async () => {
    const page = await visit()
    await signIn(page, 'ada')
    const cookies = await page.context().cookies(server.origin)
    const session = cookies.find(({ name }) => name === 'session-test-uni')
    assert.deepEqual([session?.httpOnly, session?.sameSite], [true, 'Lax'])
    await page.click('text=Sign out')
    await page.waitForSelector('h1:has-text("You are signed out")')
    await shoot(page, 'signed-out')
    await page.goto(`${samlOf(server).base}/signed-in`)
    await page.waitForSelector('h1:has-text("You are not signed in")')
  })

  it('reads what is missing and whom to ask, and the administrator finds why under the reference', async () => {
    const page = await visit()
    await signIn(page, 'nobody')
    await page.waitForSelector('h1:has-text("Your account lacks something we need")')
    await shoot(page, 'incomplete')
    const text = await textAt(page, 'main')
    assert.match(text, /Missing: E-mail, First name, Last name, Account type/)
    assert.match(text, /IT Service Desk, help@uni\.example/)
    assert.equal(
      (await page.context().cookies(server.origin)).some(({ name }) => name.startsWith('session')),
      false,
    )
    const explained = await server.run('saml', 'explain', await textAt(page, '.reference'))
    assert.equal(explained.code, 0, explained.stderr)
    assert.match(explained.stdout, /email is missing/)
    assert.match(explained.stdout, /uid/)
    assert.doesNotMatch(explained.stdout, /nobody@|\bnobody$/m)
  })

  it('gets a page, and no second session, when the answer is sent again', async () => {
    const page = await visit()
    const sent = page.waitForRequest((request) => request.url().endsWith('/acs'))
    await signIn(page, 'ada')
    const body = (await sent).postData() ?? ''
    await page.context().clearCookies({ name: 'session-test-uni' })
    const again = await page.request.post(samlOf(server).acsUrl, {
      data: body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    assert.equal(again.status(), 403)
    assert.match(await again.text(), /We could not accept this sign-in/)
  })

  it('reads of the back button when that has sent the answer again, and is signed in still', async () => {
    const page = await visit()
    await signIn(page, 'ada')
    await page.goBack({ waitUntil: 'commit' })
    await page.waitForSelector('h1:has-text("We could not accept this sign-in")')
    assert.match(await textAt(page, 'main'), /sent twice, as by the back button,/)
    await page.goto(`${samlOf(server).base}/signed-in`)
    await page.waitForSelector('h1:has-text("You are signed in")')
  })

  it('lands on the platform that sent the person here, which learns who it is from a signed token', async () => {
    await using platform = await openPlatform(server)
    await setSaml(server, { idp: idp.settings, returnUrls: [platform.returnUrl] })
    const page = await visit()
    await page.goto(`${samlOf(server).base}/login?return=${encodeURIComponent(platform.returnUrl)}&state=a%26b`)
    await page.fill('input[name=username]', 'zoe')
    await page.fill('input[name=password]', 'zoe-password')
    await page.click('[type=submit]')
    await page.waitForURL(`${platform.returnUrl}**`)
    assert.equal(await textAt(page, 'body'), 'Zoë a&b')
    const [person] = (await roll()).filter(({ user }) => 'netid' in user && user.netid === 'zoe')
    assert.equal(platform.claims?.sub, person?.id)
    assert.deepEqual(platform.claims?.user, { first_name: 'Zoë', netid: 'zoe' })
  })
})
