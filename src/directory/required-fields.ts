/**
 * The flat fields without which nobody is made.
 */
import { isObject } from './json.ts'
import type { Settings } from './settings.ts'
import type { Channel, Keys, Resource } from './user.ts'

/** What a new person must have, whatever an institution asks for beyond. */
const REQUIRED = ['email', 'first_name', 'last_name', 'account_type'] as const

export function requiredFields({ required }: Settings, channel: Channel): readonly string[] {
  const more = channel === 'file' || channel === 'api' || channel === 'saml' ? required?.[channel] : undefined
  return more === undefined ? REQUIRED : [...new Set([...REQUIRED, ...more])]
}

/** What a record lacks of the fields that every person should have: it may come from a channel that asks for less. */
export function fieldsLacking({ name, userType }: Resource, { email }: Keys): readonly string[] {
  const { givenName, familyName } = isObject(name) ? name : {}
  const there = { email, first_name: givenName, last_name: familyName, account_type: userType }
  return REQUIRED.filter((field) => !there[field])
}
