/**
 * Why a response is not believed. The code and the detail are for the administrator; the person who signs in, and
 * whoever plays one, learns neither.
 */

export type RefusalCode =
  | 'encoding'
  | 'xml'
  | 'structure'
  | 'algorithm'
  | 'unsigned'
  | 'key'
  | 'signature'
  | 'encryption'
  | 'undecryptable'
  | 'status'
  | 'idp'
  | 'metadata'
  | 'address'
  | 'audience'
  | 'time'
  | 'subject'
  | 'conditions'
  | 'attributes'

/** Thrown where something is found, caught by whoever asked whether a message is to be believed. */
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
