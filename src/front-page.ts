/**
 * What stands at `/`, for whoever opens the server in a browser: where things are. It names no institution and asks the
 * store nothing, so that it tells a stranger no more than the documentation does.
 */
import { html } from 'hono/html'
import { htmlPage } from './page.ts'

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

/** @param channels where they are mounted below an institution, as `scim/v2` */
export function frontPage(publicUrl: string, channels: readonly string[]): Promise<Response> {
  const places = PLACES.filter(([, path]) => channels.some((channel) => path.startsWith(`/${channel}`)))
  return htmlPage({
    title: 'Matricula',
    shape: 'document',
    body: html`<p>This server keeps the roll of a university for other systems. Whoever runs it makes institutions and tokens at its
        command line: <code>matricula --help</code></p>
      <dl>${places.map(([what, path]) => html`<dt>${what}</dt><dd><code>${publicUrl}/institutions/ID${path}</code></dd>`)}</dl>
      <p><code>ID</code> is the id of the institution.</p>`,
  })
}
