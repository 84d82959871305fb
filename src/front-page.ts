/**
 * What stands at `/`, for whoever opens the server in a browser: where things are. It names no institution and asks the
 * store nothing, so that it tells a stranger no more than the documentation does.
 */
import { html, raw } from 'hono/html'

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const STYLE = `
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 45rem; margin: 2rem auto; padding: 0 1rem }
dt { font-weight: 600; margin-top: 1rem } dd { margin: 0 } code { font: 14px/1.4 ui-monospace, monospace; overflow-wrap: anywhere }`

/** What is below the address of an institution. */
const PLACES = [
  ['SCIM 2.0, for identity providers', '/scim/v2'],
  ['REST, for scripts and student systems', '/api/v1'],
  ['The same, described to read in a browser', '/api/v1/docs'],
  ['Files, by PUT', '/files/NAME.csv'],
  ['Signing in', '/saml/login'],
  ['Metadata of the service provider, for SAML', '/saml/metadata'],
  ['Tokens for OAuth clients', '/oauth/token'],
] as const

export async function frontPage(publicUrl: string): Promise<Response> {
  const page = await html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <title>Matricula</title>
    <style>${raw(STYLE)}</style>
  </head>
  <body>
    <h1>Matricula</h1>
    <p>This server keeps the roll of a university for other systems. Whoever runs it makes institutions and tokens at its
      command line: <code>matricula --help</code></p>
    <dl>${PLACES.map(
      ([what, path]) => html`
      <dt>${what}</dt><dd><code>${publicUrl}/institutions/ID${path}</code></dd>`,
    )}
    </dl>
    <p><code>ID</code> is the id of the institution.</p>
  </body>
</html>
`
  return new Response(String(page), {
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY },
  })
}
