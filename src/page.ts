/**
 * The frame of every page that this server shows: nothing from outside, readable by eye and ear, on any screen, by day and
 * night, and usable without scripts. No other site may frame it.
 */
import { hash } from 'node:crypto'
import { html, raw } from 'hono/html'

export type Html = ReturnType<typeof html>

const STYLE = `
:root { color-scheme: light dark; --ink: #1a2230; --soft: #556072; --line: #dde3ec; --ground: #f3f5f9; --sheet: #fff; --accent: #1d4fa8; --on: #fff; --alert: #a3261b }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf3; --soft: #a3aebf; --line: #343d4c; --ground: #12161d; --sheet: #1b212b; --accent: #8ab4f8; --on: #101826; --alert: #ff9d92 }
}
* { box-sizing: border-box }
body { --width: 31rem; margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center; padding: 12vh 1rem 2rem;
  font: 1.0625rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: var(--ink); background: var(--ground) }
.document { --width: 60rem; padding-top: 2rem }
header { width: 100%; max-width: var(--width); padding: 0 .25rem .75rem; color: var(--soft); font-weight: 600 }
main { width: 100%; max-width: var(--width); padding: 2rem; background: var(--sheet); border: 1px solid var(--line); border-radius: .75rem;
  overflow-wrap: break-word }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25 } p { margin: 0 0 1rem } main > :last-child { margin-bottom: 0 }
a { color: var(--accent) }
ul.choices { list-style: none; margin: 0 0 1rem; padding: 0; display: grid; gap: .625rem }
.choices a, .button { display: block; width: 100%; padding: .75rem 1rem; border: 1px solid var(--soft); border-radius: .5rem;
  color: var(--ink); background: none; font: inherit; font-weight: 600; text-align: left; text-decoration: none; cursor: pointer }
.choices a:hover { border-color: var(--accent) }
.button { width: auto; display: inline-block; color: var(--on); background: var(--accent); border-color: var(--accent) }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
label { display: block; margin: 0 0 .375rem; font-weight: 600 } form { margin: 0 0 1rem }
input { width: 100%; margin: 0 0 .75rem; padding: .65rem .75rem; border: 1px solid var(--soft); border-radius: .5rem; font: inherit;
  color: inherit; background: var(--sheet) }
p[role=alert] { color: var(--alert) }
dd { margin: 0; overflow-wrap: anywhere } .reference { font-family: ui-monospace, monospace; letter-spacing: .04em }
.card dl { margin: 1.5rem 0 0; padding: 1rem 0 0; border-top: 1px solid var(--line); display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem }
.card dt { color: var(--soft) } .document dt { margin-top: 1rem; font-weight: 600 }
code, pre { font: .875rem/1.4 ui-monospace, monospace; background: var(--ground); border-radius: .25rem }
code { padding: .1em .3em } p code { overflow-wrap: anywhere } h2 code, h3 code { font-size: inherit } pre { padding: .8em; overflow-x: auto }
section { margin: 2.5rem 0 } h2 { margin: 3rem 0 1rem; font-size: 1.25rem } h3 { margin: 1.5rem 0 .5rem; font-size: 1.0625rem }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .3em .6em .3em 0; border-bottom: 1px solid var(--line) }
@media (max-width: 40rem) {
  body, .document { padding-top: 1.5rem } main { padding: 1.5rem 1.25rem }
  table, tbody, tr, th, td { display: block } th, td { border: 0; padding: 0 } tr { padding: .5em 0; border-bottom: 1px solid var(--line) }
}
`

const STYLE_SOURCE = sourceOf(STYLE)

export type Page = {
  readonly title: string
  readonly body: Html
  /** A `card` says one thing and what to do next; a `document` has much to read. */
  readonly shape: 'card' | 'document'
  /** Whose page it is, above it. */
  readonly owner?: string
  readonly status?: number
  /** Where its forms may lead, all the way, as `form-action` says it; nowhere when absent. */
  readonly formAction?: string
  /** Runs at its end. */
  readonly script?: string
  readonly headers?: { readonly [name: string]: string }
}

export async function htmlPage(page: Page): Promise<Response> {
  const { title, body, shape, owner, status = 200, script, headers = {} } = page
  const text = await html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <title>${title}${owner === undefined ? '' : ` · ${owner}`}</title>
    <style>${raw(STYLE)}</style>
  </head>
  <body class="${shape}">
    ${owner === undefined ? '' : html`<header>${owner}</header>`}
    <main>
      <h1>${title}</h1>
      ${body}
    </main>
    ${script === undefined ? '' : html`<script>${raw(script)}</script>`}
  </body>
</html>
`
  return new Response(String(text), {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policyFor(page),
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
  })
}

function policyFor({ formAction = "'none'", script }: Page): string {
  return [
    "default-src 'none'",
    `style-src '${STYLE_SOURCE}'`,
    ...(script === undefined ? [] : [`script-src '${sourceOf(script)}'`]),
    `form-action ${formAction}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

function sourceOf(text: string): string {
  return `sha256-${hash('sha256', text, 'base64')}`
}
