/**
 * The frame of every page that a person sees on the way in or out: nothing from outside, readable by eye and ear, on any
 * screen, and usable without scripts. Nothing of it may be kept by a browser, framed by another site, or told to the next one.
 */
import { hash } from 'node:crypto'
import { html, raw } from 'hono/html'

export type Html = ReturnType<typeof html>

const STYLE = `
:root { color-scheme: light dark; --ink: #1a2230; --soft: #556072; --line: #dde3ec; --ground: #f3f5f9; --card: #fff; --accent: #1d4fa8; --on: #fff; --alert: #a3261b }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf3; --soft: #a3aebf; --line: #343d4c; --ground: #12161d; --card: #1b212b; --accent: #8ab4f8; --on: #101826; --alert: #ff9d92 }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center; padding: 12vh 1rem 2rem;
  font: 1.0625rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--ink); background: var(--ground) }
header { width: 100%; max-width: 31rem; padding: 0 .25rem .75rem; color: var(--soft); font-weight: 600 }
main { width: 100%; max-width: 31rem; padding: 2rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25 } p { margin: 0 0 1rem } main > :last-child { margin-bottom: 0 }
a { color: var(--accent) }
ul.choices { list-style: none; margin: 0 0 1rem; padding: 0; display: grid; gap: .625rem }
.choices a, .button { display: block; width: 100%; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .5rem;
  color: var(--ink); background: none; font: inherit; font-weight: 600; text-align: left; text-decoration: none; cursor: pointer }
.choices a:hover { border-color: var(--accent) }
.button { width: auto; display: inline-block; color: var(--on); background: var(--accent); border-color: var(--accent) }
a:focus-visible, button:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
label { display: block; margin: 0 0 .375rem; font-weight: 600 } form { margin: 0 0 1rem }
input { width: 100%; margin: 0 0 .75rem; padding: .65rem .75rem; border: 1px solid var(--soft); border-radius: .5rem; font: inherit;
  color: inherit; background: var(--card) }
dl { margin: 1.5rem 0 0; padding: 1rem 0 0; border-top: 1px solid var(--line); display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem }
p[role=alert] { color: var(--alert) }
dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere } .reference { font-family: ui-monospace, monospace; letter-spacing: .04em }
@media (max-width: 30rem) { body { padding-top: 1.5rem } main { padding: 1.5rem 1.25rem } }
`

/** Sends the one form of a page, for who would only press its button. */
const SCRIPT = 'document.forms[0].submit()'

const STYLE_HASH = hashOf(STYLE)
const SCRIPT_HASH = hashOf(SCRIPT)

/** A form whose answer leads elsewhere is held to `form-action` on all its way, wherever that goes. */
function policyFor(leads: Page['leads']): string {
  return [
    "default-src 'none'",
    `style-src '${STYLE_HASH}'`,
    ...(leads === 'at once' ? [`script-src '${SCRIPT_HASH}'`] : []),
    `form-action ${leads === undefined ? "'self'" : 'https: http:'}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function hashOf(text: string): string {
  return `sha256-${hash('sha256', text, 'base64')}`
}

/** Of every answer on the way in, pages and redirects alike: addresses may hold a code that is worth a sign-in. */
export const PRIVATE_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

export type Page = {
  readonly status: number
  /** Of the institution; absent where none is known. */
  readonly institution?: string
  readonly title: string
  readonly body: Html
  /** Its form leads to an identity provider: when the person sends it, or at once. */
  readonly leads?: 'on demand' | 'at once'
  readonly headers?: { readonly [name: string]: string }
}

export async function pageOf({ status, institution, title, body, leads, headers = {} }: Page): Promise<Response> {
  const page = await html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}${institution === undefined ? '' : ` · ${institution}`}</title>
    <style>${raw(STYLE)}</style>
  </head>
  <body>
    ${institution === undefined ? '' : html`<header>${institution}</header>`}
    <main>
      <h1>${title}</h1>
      ${body}
    </main>
    ${leads === 'at once' ? html`<script>${raw(SCRIPT)}</script>` : ''}
  </body>
</html>
`
  return new Response(String(page), {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyFor(leads),
      'x-frame-options': 'DENY',
      ...PRIVATE_HEADERS,
      ...headers,
    },
  })
}
