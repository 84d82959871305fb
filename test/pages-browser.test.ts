/**
 * The pages for administrators, programmers and people who sign in, at a real browser.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { noChromium, openChromium } from './saml/chromium.ts'
import { Server } from './server.ts'

if (noChromium !== undefined && process.env.CI !== undefined) throw new Error(noChromium)

/** A folder for pictures of the pages, for whoever wants to look at them. */
const SHOTS = process.env.SCREENSHOTS

/** Of all texts of a page, the least contrast to what is behind them, as WCAG 2.2 counts it. */
const LEAST_CONTRAST = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const light = (color) => {
    const [r, g, b] = channels(color).map((one) => one / 255).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (element) => {
    const { backgroundColor } = getComputedStyle(element)
    return channels(backgroundColor)[3] === 0 ? behind(element.parentElement) : backgroundColor
  }
  const ratios = [...document.querySelectorAll('body, body *')]
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
    .map((element) => [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a))
    .map(([bright, dark]) => (bright + 0.05) / (dark + 0.05))
  return Math.min(...ratios)
})()`

/** What is wider than its place, so that it has to be moved, and cannot be reached by keyboard (WCAG 2.2, 2.1.1). */
const BEYOND_KEYBOARD = `[...document.querySelectorAll('body *')]
  .filter((element) => element.scrollWidth > element.clientWidth && getComputedStyle(element).overflowX === 'auto')
  .filter(({ tabIndex }) => tabIndex < 0)
  .map(({ textContent }) => textContent)`

describe('a page', { skip: noChromium ?? false }, () => {
  const open = new AsyncDisposableStack()
  let server: Server
  let browser: Browser
  before(async () => {
    server = open.use(await Server.start())
    browser = open.use(await openChromium())
  })
  after(() => open.disposeAsync())

  const pages = [
    ['/', 200],
    ['/institutions/test-uni/api/v1/docs', 200],
    ['/institutions/test-uni/saml/signed-in', 403],
    ['/institutions/test-uni/saml/acs', 405],
    ['/institutions/test-uni/saml/logon', 404],
  ] as const

  for (const [path, status] of pages) {
    it(`is read on a telephone, by day and night, without moving it sideways: ${path}`, async () => {
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme })
        const failures: string[] = []
        page.on('console', (message) => failures.push(message.text()))
        const answer = await page.goto(server.origin + path)
        assert.equal(answer?.status(), status)
        const [wide, shown] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [number, number]
        assert.ok(wide <= shown, `${wide} pixels wide`)
        const contrast = (await page.evaluate(LEAST_CONTRAST)) as number
        assert.ok(contrast >= 4.5, `${colorScheme}: ${contrast}`)
        assert.deepEqual(await page.evaluate(BEYOND_KEYBOARD), [])
        assert.equal(await page.getAttribute('html', 'lang'), 'en')
        assert.equal(await page.locator('main > h1').count(), 1)
        // Its style is under its policy.
        assert.deepEqual(
          failures.filter((one) => /policy/i.test(one)),
          [],
        )
        if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${path.replaceAll('/', '-')}-${colorScheme}.png` })
        await page.close()
      }
    })
  }

  it('shows where the keyboard is', async () => {
    const page = await browser.newPage()
    await page.goto(`${server.origin}/institutions/test-uni/saml/signed-in`)
    await page.keyboard.press('Tab')
    const focused = '[document.activeElement.textContent, getComputedStyle(document.activeElement).outlineStyle]'
    assert.deepEqual(await page.evaluate(focused), ['Sign in', 'solid'])
  })

  it('looks as the others do', async () => {
    const page = await browser.newPage()
    const looks = []
    for (const [path] of pages) {
      await page.goto(server.origin + path)
      looks.push(
        await page.evaluate(
          '(({ color, fontFamily, backgroundColor }) => [color, fontFamily, backgroundColor].join())(getComputedStyle(document.body))',
        ),
      )
    }
    assert.equal(new Set(looks).size, 1)
  })
})
