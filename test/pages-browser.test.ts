/**
 * The pages for administrators and programmers, at a real browser.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { noChromium, openChromium } from './saml/chromium.ts'
import { Server } from './server.ts'

if (noChromium !== undefined && process.env.CI !== undefined) throw new Error(noChromium)

describe('a page', { skip: noChromium ?? false }, () => {
  it('is read on a telephone without moving it sideways', async () => {
    await using server = await Server.start()
    await using browser = await openChromium()
    const page = await browser.newPage({ viewport: { width: 360, height: 740 } })
    for (const path of ['/', '/institutions/test-uni/api/v1/docs']) {
      const answer = await page.goto(server.origin + path)
      assert.equal(answer?.status(), 200, path)
      const [wide, shown] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as [number, number]
      assert.ok(wide <= shown, `${path} is ${wide} pixels wide`)
    }
  })
})
