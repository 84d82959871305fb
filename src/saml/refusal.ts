/**
 * Why a response is not believed. The code and the detail are for the administrator; the person who signs in, and
 * whoever plays one, learns neither.
 */

/** Code -> status of the HTTP answer: 400 where no identity provider would send such a thing, 403 where it is not for us. */
export const REFUSALS = {
  encoding: 400,
  xml: 400,
  structure: 400,
  algorithm: 403,
  unsigned: 403,
  key: 403,
  signature: 403,
  encryption: 403,
  undecryptable: 403,
  status: 403,
  idp: 403,
  metadata: 403,
  address: 403,
  audience: 403,
  time: 403,
  subject: 403,
  conditions: 403,
  attributes: 403,
} as const satisfies Record<string, 400 | 403>

export type RefusalCode = keyof typeof REFUSALS

/** Thrown where something is found, caught in `verifyResponse` alone. */
export class SamlRefused extends Error {
  override name = 'SamlRefused'
  readonly code: RefusalCode
  constructor(code: RefusalCode, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.code = code
  }
}

/** What a stranger wrote, fit for a log line: quoted, one line, cut. */
export function shown(text: string | undefined): string {
  if (text === undefined) return 'missing'
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 199)}…` : text)
}
