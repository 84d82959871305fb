/**
 * The form that a browser posts to the assertion consumer service (SAML Bindings 3.5.4): exactly one SAMLResponse, at most
 * one RelayState, nothing else that means something, and not much of it.
 */
import { readBody } from '../limits/body.ts'
import type { SamlForm } from './verify.ts'

const MAX_FORM_BYTES = 256 * 1024
const MAX_FORM_MS = 10_000
const MAX_FIELDS = 20

export type ReadForm =
  | { readonly kind: 'ok'; readonly form: SamlForm }
  | { readonly kind: 'refused'; readonly status: 400 | 408 | 413 | 415; readonly detail: string }

const MEDIA_TYPE = /^\s*application\/x-www-form-urlencoded\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*;?\s*)?$/i

/** Messages of other kinds, which have no place beside a response. */
const FOREIGN = ['SAMLRequest', 'SAMLart', 'SAMLEncoding', 'SigAlg', 'Signature'] as const

export async function readForm(request: Request): Promise<ReadForm> {
  const { headers } = request
  if (!MEDIA_TYPE.test(headers.get('content-type') ?? ''))
    return refused(415, 'the form is not application/x-www-form-urlencoded in UTF-8')
  if (headers.has('content-encoding')) return refused(415, 'the form is compressed')
  const inQuery = new URL(request.url).searchParams
  if ([...FOREIGN, 'SAMLResponse'].some((name) => inQuery.has(name)))
    return refused(400, 'the address holds a part of a SAML message')
  const body = await readBody(request, MAX_FORM_BYTES, MAX_FORM_MS)
  switch (body.kind) {
    case 'tooLarge':
      return refused(413, `the form has more than ${body.maxBytes} bytes`)
    case 'tooSlow':
      return refused(408, 'the form did not arrive in time')
    case 'notText':
      return refused(400, 'the form is not UTF-8')
    case 'ok':
      return formIn(body.text)
    default:
      return body satisfies never
  }
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

function refused(status: 400 | 408 | 413 | 415, detail: string): ReadForm {
  return { kind: 'refused', status, detail }
}
