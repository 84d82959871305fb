/**
 * Every page that a person sees on the way in or out. Nothing of it may be kept by a browser, or told to the next site.
 */
import type { Html } from '../page.ts'
import { htmlPage } from '../page.ts'

/** Sends the one form of a page, for who would only press its button. */
const SCRIPT = 'document.forms[0].submit()'

/** Of every answer on the way in, pages and redirects alike: addresses may hold a code that is worth a sign-in. */
export const PRIVATE_HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

export type SignInPage = {
  readonly status: number
  /** Of the institution; absent where none is known. */
  readonly institution?: string
  readonly title: string
  readonly body: Html
  /** Its form leads to an identity provider: when the person sends it, or at once. */
  readonly leads?: 'on demand' | 'at once'
  readonly headers?: { readonly [name: string]: string }
}

export function pageOf({ institution, leads, headers, ...page }: SignInPage): Promise<Response> {
  return htmlPage({
    ...page,
    shape: 'card',
    ...(institution !== undefined && { owner: institution }),
    formAction: leads === undefined ? "'self'" : 'https: http:',
    ...(leads === 'at once' && { script: SCRIPT }),
    headers: { ...PRIVATE_HEADERS, ...headers },
  })
}
