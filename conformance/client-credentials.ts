/**
 * Tokens by OAuth 2.0 client credentials (RFC 6749 section 4.4), and where to get them (RFC 8414).
 */
import type { JsonObject } from './json.ts'
import { isObject, parseJson } from './json.ts'

export type Client = {
  readonly id: string
  readonly secret: string
  /** Found by the metadata of the server's issuer when absent. */
  readonly tokenUrl?: string
}

const TIMEOUT_MS = 10_000
/** A token is renewed so long before it ends. */
const SPARE_MS = 60_000
const WELL_KNOWN = '/.well-known/oauth-authorization-server'

type Token = { readonly value: string; readonly until: number }

/**
 * A function that resolves to a token that is still good.
 * @param url the SCIM base, from which the token endpoint is found
 * @throws {Error} in words for whoever gave the credentials
 */
export function tokensFor(url: string, client: Client, send: typeof fetch = fetch): () => Promise<string> {
  let tokenUrl: Promise<string> | undefined
  let current: Promise<Token> | undefined
  const renew = async (): Promise<Token> => {
    tokenUrl ??= client.tokenUrl === undefined ? findTokenUrl(url, send) : Promise.resolve(client.tokenUrl)
    return requestToken(await tokenUrl, client, send)
  }
  return async () => {
    const last = current
    const token = await last?.catch(() => undefined)
    const isGood = token !== undefined && token.until >= Date.now() + SPARE_MS
    // Whoever comes first asks for all who come meanwhile.
    if (!isGood && current === last) current = renew()
    return (await (current as Promise<Token>)).value
  }
}

/** The issuer is the server, or anything above the SCIM base on it: `/institutions/uni/scim/v2`, `/institutions/uni`, … */
async function findTokenUrl(url: string, send: typeof fetch): Promise<string> {
  const { origin, pathname } = new URL(url)
  const steps = pathname.split('/').filter((step) => step !== '')
  for (let length = steps.length; length >= 0; length--) {
    const path = steps
      .slice(0, length)
      .map((step) => `/${step}`)
      .join('')
    const metadata = await readJson(`${origin}${WELL_KNOWN}${path}`, send)
    // Metadata speaks for the issuer whose address it was asked under, and for no other (RFC 8414 section 3.3).
    if (metadata?.issuer === origin + path && typeof metadata.token_endpoint === 'string') return metadata.token_endpoint
  }
  throw new Error(`no token endpoint is found by ${origin}${WELL_KNOWN}: say where it is with --token-url`)
}

async function readJson(url: string, send: typeof fetch): Promise<JsonObject | undefined> {
  const response = await send(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => undefined)
  const value = response?.ok === true ? parseJson(await response.text()) : undefined
  return isObject(value) ? value : undefined
}

async function requestToken(tokenUrl: string, { id, secret }: Client, send: typeof fetch): Promise<Token> {
  // In the header, which every server must take (RFC 6749 section 2.3.1).
  const credentials = [id, secret].map((text) => new URLSearchParams([['', text]]).toString().slice(1)).join(':')
  const response = await send(tokenUrl, {
    method: 'POST',
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { authorization: `Basic ${btoa(credentials)}`, accept: 'application/json' },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const text = await response.text()
  const { access_token: value, expires_in: seconds } = (parseJson(text) ?? {}) as { readonly [name: string]: unknown }
  if (!response.ok || typeof value !== 'string')
    throw new Error(`${tokenUrl} gives no token: ${response.status} ${text.slice(0, 200)}`)
  return { value, until: Date.now() + (typeof seconds === 'number' ? seconds : 3600) * 1000 }
}
