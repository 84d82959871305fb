/**
 * A real browser, Debian's Chromium: for tests of pages.
 */
import { existsSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'

const PROGRAM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))

/** Why it cannot be had here, for a test to be skipped with; undefined when it can. */
export const noChromium = PROGRAM === undefined ? 'no Chromium: apt-get install chromium' : undefined

export async function openChromium(): Promise<Browser & AsyncDisposable> {
  // In a container there is no room for its sandbox, and it visits nothing but pages of the test.
  const browser = await chromium.launch({ executablePath: PROGRAM ?? '', args: ['--no-sandbox'] })
  return Object.assign(browser, { [Symbol.asyncDispose]: () => browser.close() })
}
