/**
 * What a client sends to the token endpoint (RFC 6749 sections 2.3 and 4.4.2, RFC 7523 section 2.2), read strictly: a form
 * in which nothing comes twice, and one way to prove who it is.
 */
import type { BodyRefusal } from '../limits/body.ts'
import { readBody, refusalOf } from '../limits/body.ts'

export type Proof =
  | { readonly kind: 'secret'; readonly client: string; readonly secret: string }
  /** `client`: whom the form names beside the assertion. */
  | { readonly kind: 'assertion'; readonly assertion: string; readonly client?: string }

export type TokenRequest =
  | { readonly kind: 'ok'; readonly grantType: string; readonly scopes: readonly string[]; readonly proof: Proof | undefined }
  | ({ readonly kind: 'refused' } & BodyRefusal)

const MAX_BYTES = 32 * 1024
const MAX_MS = 10_000
const MAX_FIELDS = 30
const FORM = /^\s*application\/x-www-form-urlencoded\s*(;|$)/i
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

export async function readTokenRequest(request: Request): Promise<TokenRequest> {
  if (!FORM.test(request.headers.get('content-type') ?? ''))
    return refused('the body should be application/x-www-form-urlencoded')
  const body = await readBody(request, MAX_BYTES, MAX_MS)
  if (body.kind !== 'ok') return { kind: 'refused', ...refusalOf(body) }
  return requestIn(body.text, request.headers.get('authorization'))
}

function requestIn(text: string, authorization: string | null): TokenRequest {
  if (text.split('&', MAX_FIELDS + 1).length > MAX_FIELDS) return refused(`the body has more than ${MAX_FIELDS} fields`)
  const form = new URLSearchParams(text)
  const twice = [...form.keys()].find((name, index, names) => names.indexOf(name) < index)
  if (twice !== undefined) return refused('a field of the body comes twice')
  // What is sent without a value is taken for left out (RFC 6749 section 3.2).
  const field = (name: string) => form.get(name) || undefined
  const grantType = field('grant_type')
  if (grantType === undefined) return refused('grant_type is missing; it should be client_credentials')
  const proofs = [basicIn(authorization), secretIn(field), assertionIn(field)].filter((proof) => proof !== undefined)
  if (proofs.length > 1) return refused('the client proves itself in more than one way')
  return { kind: 'ok', grantType, scopes: field('scope')?.split(' ') ?? [], proof: proofs[0] }
}

type Field = (name: string) => string | undefined

function secretIn(field: Field): Proof | undefined {
  const [client, secret] = [field('client_id'), field('client_secret')]
  return client !== undefined && secret !== undefined ? { kind: 'secret', client, secret } : undefined
}

function assertionIn(field: Field): Proof | undefined {
  const [client, assertion] = [field('client_id'), field('client_assertion')]
  if (assertion === undefined || field('client_assertion_type') !== ASSERTION_TYPE) return
  return { kind: 'assertion', assertion, ...(client !== undefined && { client }) }
}

/** Both parts are encoded as in a form before they are joined (RFC 6749 section 2.3.1). */
function basicIn(authorization: string | null): Proof | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization ?? '') ?? []
  if (encoded === undefined) return
  const [, client, secret] = /^([^:]+):(.+)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? []
  if (client === undefined || secret === undefined) return
  try {
    return { kind: 'secret', client: decoded(client), secret: decoded(secret) }
  } catch {
    return
  }
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}

function refused(detail: string): TokenRequest {
  return { kind: 'refused', status: 400, detail, headers: {} }
}
