/**
 * What a person is called where others name them: among members, as a manager.
 */
import { isObject } from '../directory/json.ts'
import type { Json, Resource } from '../directory/user.ts'

export function displayOf({ displayName, name, userName }: Resource): string {
  const { formatted, givenName, familyName } = isObject(name) ? name : {}
  const whole = [givenName, familyName].filter(isText).join(' ')
  return String([displayName, formatted, whole].find(isText) ?? userName)
}

function isText(value: Json | undefined): boolean {
  return typeof value === 'string' && value !== ''
}
