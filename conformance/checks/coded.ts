/**
 * Checks that a dialogue cannot express: they count, compare and walk.
 */
import type { About, Need } from '../dialogue.ts'
import type { Talk } from '../play.ts'

export type CodedCheck = Omit<About, 'dialect'> & {
  readonly needs?: readonly Need[]
  /** Attributes that the server must declare and accept, as `User.title`. */
  readonly attributes?: readonly string[]
  /** It only reads. */
  readonly isReadOnly?: true
  readonly run: (talk: Talk) => Promise<void>
}
