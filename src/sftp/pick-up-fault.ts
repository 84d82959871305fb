/**
 * Why files could not be fetched, in a code for logs and in words for whoever can mend it. What the other server says
 * is never repeated: it may hold anything.
 */
export type PickUpCode =
  /** No such name, nothing listens there, or no answer. */
  | 'unreachable'
  | 'host_key_unknown'
  | 'host_key_changed'
  | 'login_refused'
  | 'no_sftp'
  | 'missing'
  | 'not_allowed'
  | 'too_many'
  /** The file there is another one than it was a moment ago. */
  | 'changed'
  | 'interrupted'
  | 'too_slow'
  | 'failed'

export class PickUpFault extends Error {
  override name = 'PickUpFault'
  readonly code: PickUpCode
  constructor(code: PickUpCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
