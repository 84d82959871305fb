/**
 * The form that a browser posts to the assertion consumer service (SAML Bindings 3.5.4): exactly one SAMLResponse, at most
 * one RelayState, nothing else that means something, and not much of it.
 */
import type { BodyRefusal } from '../limits/body.ts'
import { readBody, refusalOf } from '../limits/body.ts'
import type { SamlForm } from './verify.ts'

const MAX_FORM_BYTES = 256 * 1024
const MAX_FORM_MS = 10_000
const MAX_FIELDS = 20

export type ReadForm =
  | { readonly kind: 'ok'; readonly form: SamlForm }
  | ({ readonly kind: 'refused' } & Pick<BodyRefusal, 'status' | 'detail'>)

const MEDIA_TYPE = /^\s*application\/x-www-form-urlencoded\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*;?\s*)?$/i

/** Messages of other kinds, which have no place beside a response. */
const FOREIGN = ['SAMLRequest', 'SAMLart', 'SAMLEncoding', 'SigAlg', 'Signature'] as const

export async function readForm(request: Request): Promise<ReadForm> {
  if (!MEDIA_TYPE.test(request.headers.get('content-type') ?? ''))
    return refused(415, 'the form is not application/x-www-form-urlencoded in UTF-8')
  if (isInAddress(request)) return refused(400, 'the address holds a part of a SAML message')
  const body = await readBody(request, MAX_FORM_BYTES, MAX_FORM_MS)
  if (body.kind === 'ok') return formIn(body.text)
  const { status, detail } = refusalOf(body, 'the form')
  return refused(status, detail)
}

/** Whether something of a message came in the address, as by the bindings HTTP-Redirect and HTTP-Artifact. */
export function isInAddress(request: Request): boolean {
  const fields = new URL(request.url).searchParams
  return [...FOREIGN, 'SAMLResponse', 'RelayState'].some((name) => fields.has(name))
}

function formIn(text: string): ReadForm {
  if (text.split('&', MAX_FIELDS + 1).length > MAX_FIELDS) return refused(400, `the form has more than ${MAX_FIELDS} fields`)
  const fields = new URLSearchParams(text)
  const [response, ...more] = fields.getAll('SAMLResponse')
  const [relayState, ...others] = fields.getAll('RelayState')
  if (response === undefined || response === '') return refused(400, 'the form has no SAMLResponse')
  if (more.length > 0) return refused(400, `the form has ${more.length + 1} fields called SAMLResponse`)
  if (others.length > 0) return refused(400, `the form has ${others.length + 1} fields called RelayState`)
  const foreign = FOREIGN.find((name) => fields.has(name))
  if (foreign !== undefined) return refused(400, `the form has a field ${foreign} beside the response`)
  return { kind: 'ok', form: { SAMLResponse: response, ...(relayState !== undefined && { RelayState: relayState }) } }
}

function refused(status: BodyRefusal['status'], detail: string): ReadForm {
  return { kind: 'refused', status, detail }
}
