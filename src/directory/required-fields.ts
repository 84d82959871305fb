/**
 * The flat fields without which nobody is made.
 */
import type { Settings } from './institution.ts'
import type { Channel } from './user.ts'

/** What a new person must have, whatever an institution asks for beyond. */
const REQUIRED = ['email', 'first_name', 'last_name', 'account_type'] as const

export function requiredFields({ required }: Settings, channel: Channel): readonly string[] {
  const more = channel === 'file' || channel === 'api' || channel === 'saml' ? required?.[channel] : undefined
  return more === undefined ? REQUIRED : [...new Set([...REQUIRED, ...more])]
}
