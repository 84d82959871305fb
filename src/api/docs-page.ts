/**
 * The description of the API as one page for people, made from the OpenAPI document: no script, nothing from outside.
 */
import { html, raw } from 'hono/html'
import { PROBLEMS } from './answers.ts'
import type { JsonSchema, Media, OpenApi, Operation, Parameter } from './openapi.ts'

type Html = ReturnType<typeof html>

export async function docsPage(document: OpenApi): Promise<Response> {
  const page = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${document.info.title}</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <h1>${document.info.title}</h1>
        <p>${document.info.description}</p>
        <p>Address: <code>${document.servers[0]?.url ?? ''}</code> · <a href="openapi.json">OpenAPI ${document.openapi}</a></p>
        <p>Each request carries a token of scope <code>api</code>: <code>Authorization: Bearer TOKEN</code>. Whoever runs the server makes one: <code>matricula token create ID --scope api</code></p>
        <nav>
          <ul>
            ${operationsOf(document).map(([method, path, one]) => html`<li><a href="#${one.operationId}"><b>${method}</b> ${path}</a> ${one.summary}</li>`)}
            <li><a href="#schemas">Bodies</a></li>
            <li><a href="#problems">Problems</a></li>
          </ul>
        </nav>
        ${operationsOf(document).map(([method, path, one]) => operationSection(method, path, one))}
        <h2 id="schemas">Bodies</h2>
        ${Object.entries(document.components.schemas).map(([name, schema]) => schemaSection(name, schema))}
        <h2 id="problems">Problems</h2>
        <p>Errors are problem documents (RFC 9457). Their <code>type</code> ends in one of these codes:</p>
        <dl>
          ${Object.entries(PROBLEMS).map(([code, { status, title }]) => html`<dt id="${code}"><code>${code}</code> (${status})</dt><dd>${title}</dd>`)}
        </dl>
      </body>
    </html>`
  return new Response(String(page), {
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': POLICY },
  })
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; background: #fff }
code, pre { font: 14px/1.4 ui-monospace, monospace; background: #f2f4f7; border-radius: 4px }
code { padding: .1em .3em } p code { overflow-wrap: anywhere } h2 code, h3 code { font-size: inherit } pre { padding: .8em; overflow-x: auto }
table { border-collapse: collapse; width: 100% } th, td { text-align: left; vertical-align: top; padding: .3em .6em .3em 0; border-bottom: 1px solid #dde2e8 }
section { margin: 2.5rem 0 } a { color: #0b57a4 } h2 { margin-top: 3rem }
@media (max-width: 40rem) { table, tbody, tr, th, td { display: block } th, td { border: 0; padding: 0 } tr { padding: .5em 0; border-bottom: 1px solid #dde2e8 } }
@media (prefers-color-scheme: dark) {
  body { color: #e6e9ed; background: #16191d } code, pre { background: #23282e } th, td, tr { border-color: #363d45 } a { color: #7db8f0 }
}`

function operationsOf({ paths }: OpenApi): (readonly [string, string, Operation])[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), path, operation] as const),
  )
}

function operationSection(method: string, path: string, operation: Operation): Html {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation
  return html`<section id="${operationId}">
    <h2><code>${method} ${path}</code></h2>
    <p><b>${summary}.</b> ${withCode(description)}</p>
    ${parameters.length > 0 ? parameterTable(parameters) : ''}
    ${Object.entries(requestBody?.content ?? {}).map(([type, media]) => mediaPart(type, media))}
    <h3>Answers</h3>
    <table>
      ${Object.entries(responses).map(([status, { description: told, content = {} }]) => html`<tr><th>${status}</th><td>${told}</td><td>${Object.entries(content).map(([type, { schema }]) => html`<code>${type}</code> ${typeOf(schema)} `)}</td></tr>`)}
    </table>
  </section>`
}

function parameterTable(parameters: readonly Parameter[]): Html {
  return html`<h3>Parameters</h3>
    <table>
      ${parameters.map((one) => html`<tr><th><code>${one.name}</code></th><td>${one.in}</td><td>${typeOf(one.schema)}</td><td>${withCode(one.description)}</td></tr>`)}
    </table>`
}

function mediaPart(type: string, { schema, examples = {} }: Media): Html {
  return html`<h3>Body: <code>${type}</code> ${typeOf(schema)}</h3>
    ${Object.values(examples).map(({ summary, value }) => html`<p>${summary}:</p><pre>${typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</pre>`)}`
}

function schemaSection(name: string, schema: JsonSchema): Html {
  const required = new Set(schema.required as readonly string[] | undefined)
  return html`<section id="schema-${name}">
    <h3>${name}</h3>
    <p>${withCode(schema.description)}</p>
    <table>
      ${Object.entries((schema.properties ?? {}) as { readonly [name: string]: JsonSchema }).map(
        ([property, inner]) =>
          html`<tr><th><code>${property}</code></th><td>${typeOf(inner)}${required.has(property) ? ', always' : ''}</td><td>${withCode(inner.description)}</td></tr>`,
      )}
    </table>
  </section>`
}

/** Descriptions are Markdown in an OpenAPI document; of that they use marks of code alone. */
function withCode(description: unknown = ''): (Html | string)[] {
  return String(description)
    .split('`')
    .map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`))
}

/** A schema in a few words, with a link to it where it has a name. */
function typeOf(schema: JsonSchema): Html | string {
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.split('/').at(-1) ?? ''
    return html`<a href="#schema-${name}">${name}</a>`
  }
  if (Array.isArray(schema.enum)) return schema.enum.map(String).join(', ')
  const types = [schema.type ?? 'anything'].flat().map(String)
  const items = schema.items as JsonSchema | undefined
  return html`${types.join(' or ')}${items === undefined ? '' : html` of ${typeOf(items)}`}${boundsOf(schema)}`
}

function boundsOf({ minimum, maximum, maxLength, maxItems }: JsonSchema): string {
  const range = minimum !== undefined && maximum !== undefined ? `, ${minimum} to ${maximum}` : ''
  const most = maxLength ?? maxItems
  return `${range}${most === undefined ? '' : `, at most ${most}`}`
}
