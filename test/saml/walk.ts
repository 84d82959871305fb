/**
 * Walks through the pages of an identity provider as a browser without scripts does: follows, fills forms, sends them.
 */

type Page = { readonly url: string; readonly status: number; readonly html: string; readonly headers: Headers }

/** How far it goes before it gives up. */
const MOST_STEPS = 15

/**
 * @param filled what a person would write into fields, by their names
 * @returns the answer of the first address below `home` after the way has led away from it
 */
export async function walk(start: string, home: string, filled: { readonly [name: string]: string }): Promise<Page> {
  const jars = new Map<string, Map<string, string>>()
  let isAway = false
  let next: { readonly url: string; readonly body?: string } = { url: start }
  for (let step = 0; step < MOST_STEPS; step++) {
    const page = await visit(next, jars)
    if (!page.url.startsWith(home)) isAway = true
    else if (isAway) return page
    const location = page.headers.get('location')
    next = location === null ? submitted(page, filled) : { url: new URL(location, page.url).href }
  }
  throw new Error(`the way from ${start} leads nowhere: ${next.url}`)
}

async function visit(
  { url, body }: { readonly url: string; readonly body?: string },
  jars: Map<string, Map<string, string>>,
): Promise<Page> {
  const { host } = new URL(url)
  const jar = jars.get(host) ?? new Map<string, string>()
  jars.set(host, jar)
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const sent = body === undefined ? {} : { method: 'POST', body }
  const headers = { cookie, ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }) }
  const response = await fetch(url, { ...sent, headers, redirect: 'manual' })
  for (const line of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    jar.set(name, value)
  }
  return { url, status: response.status, html: await response.text(), headers: response.headers }
}

function submitted(
  { url, status, html }: Page,
  filled: { readonly [name: string]: string },
): { readonly url: string; readonly body: string } {
  const action = attributeIn(/<form\b[^>]*>/i.exec(html)?.[0] ?? '', 'action')
  if (action === undefined) throw new Error(`no form at ${url}: ${status} ${html.replace(/<[^>]+>|\s+/g, ' ').slice(0, 500)}`)
  const fields = new URLSearchParams()
  for (const [tag] of html.matchAll(/<input\b[^>]*>/gi)) {
    const name = attributeIn(tag, 'name')
    if (name !== undefined) fields.set(name, filled[name] ?? attributeIn(tag, 'value') ?? '')
  }
  return { url: new URL(action, url).href, body: String(fields) }
}

function attributeIn(tag: string, name: string): string | undefined {
  return new RegExp(`\\b${name}="([^"]*)"`, 'i')
    .exec(tag)?.[1]
    ?.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(amp|lt|gt|quot));/gi, (_, decimal, hex, named) => {
      const entities: { readonly [name: string]: string } = { amp: '&', lt: '<', gt: '>', quot: '"' }
      return entities[named] ?? String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16))
    })
}
