/**
 * From the field of a form to the text of a message: bytes and letters, before XML is looked at.
 */
import { base64In } from './base64.ts'
import { SamlRefused } from './refusal.ts'

/** A response with 150 groups has 25,000. */
const MOST_CHARACTERS = 262_144

/** @throws {SamlRefused} `encoding` */
export function messageText(field: string): string {
  if (field.length > MOST_CHARACTERS)
    throw new SamlRefused('encoding', `SAMLResponse has ${field.length} characters; it may have ${MOST_CHARACTERS}`)
  const bytes = base64In(field)
  if (bytes === undefined) throw new SamlRefused('encoding', 'SAMLResponse is not base64')
  if (bytes.length === 0) throw new SamlRefused('encoding', 'SAMLResponse is empty')
  try {
    // One byte order mark is taken away; a second one stays, and then no element begins.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new SamlRefused('encoding', 'the response is not UTF-8', { cause: error })
  }
}
