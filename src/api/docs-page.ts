/**
 * The description of the API as one page for people, made from the OpenAPI document: no script, nothing from outside.
 * Anybody may ask for it, for any institution: all but the address is made once.
 */
import { html } from 'hono/html'
import type { Html } from '../page.ts'
import { htmlPage } from '../page.ts'
import { PROBLEMS } from './answers.ts'
import type { JsonSchema, Media, OpenApi, Operation, Parameter } from './openapi.ts'

/** What does not depend on the institution. */
type Description = Pick<OpenApi, 'openapi' | 'info' | 'paths' | 'components'>

/** @returns the page for the REST endpoint of one institution, by its URL without a slash at its end */
export function docsPages(description: Description): (base: string) => Promise<Response> {
  let parts: Html | undefined
  return (base) => {
    parts ??= partsOf(description)
    const { openapi, info } = description
    return htmlPage({
      title: info.title,
      shape: 'document',
      body: html`<p>${info.description}</p>
      <p>Address: <code>${base}</code> · <a href="openapi.json">OpenAPI ${openapi}</a></p>
      ${parts}`,
    })
  }
}

function partsOf(description: Description): Html {
  const operations = operationsOf(description)
  return html`<p>Each request carries a token of scope <code>api</code>: <code>Authorization: Bearer TOKEN</code>. Whoever runs the server makes one: <code>matricula token create ID --scope api</code></p>
      <nav>
        <ul>
          ${operations.map(([method, path, one]) => html`<li><a href="#${one.operationId}"><b>${method}</b> ${path}</a> ${one.summary}</li>`)}
          <li><a href="#schemas">Bodies</a></li>
          <li><a href="#problems">Problems</a></li>
        </ul>
      </nav>
      ${operations.map(([method, path, one]) => operationSection(method, path, one))}
      <h2 id="schemas">Bodies</h2>
      ${Object.entries(description.components.schemas).map(([name, schema]) => schemaSection(name, schema))}
      <h2 id="problems">Problems</h2>
      <p>Errors are problem documents (RFC 9457). Their <code>type</code> ends in one of these codes:</p>
      <dl>
        ${Object.entries(PROBLEMS).map(([code, { status, title }]) => html`<dt id="${code}"><code>${code}</code> (${status})</dt><dd>${title}</dd>`)}
      </dl>`
}

function operationsOf({ paths }: Description): (readonly [string, string, Operation])[] {
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
    ${Object.values(examples).map(({ summary, value }) => html`<p>${summary}:</p><pre tabindex="0">${typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</pre>`)}`
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
