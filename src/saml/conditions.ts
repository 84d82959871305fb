/**
 * For whom and when an assertion counts (Core 2.5). A condition that is not understood is one that does not hold.
 */
import { needInstant, SKEW_MS } from './instant.ts'
import { NS } from './names.ts'
import { SamlRefused, shown } from './refusal.ts'
import type { XmlElement } from './xml.ts'
import { attributeOf, elementsOf, isNamed, sequenceOf, textOf } from './xml.ts'

export type Audience = {
  readonly entityId: string
  /** Epoch milliseconds. */
  readonly now: number
}

/** @throws {SamlRefused} */
export function checkConditions(conditions: XmlElement, { entityId, now }: Audience): void {
  checkTimes(conditions, now)
  let restrictions = 0
  for (const condition of elementsOf(conditions)) {
    if (isNamed(condition, NS.saml, 'AudienceRestriction')) {
      restrictions++
      checkAudience(condition, entityId)
    } else if (!isNamed(condition, NS.saml, 'OneTimeUse') && !isNamed(condition, NS.saml, 'ProxyRestriction')) {
      throw new SamlRefused('conditions', `the assertion has a condition that is not understood here: ${shown(condition.name)}`)
    }
  }
  if (restrictions === 0)
    throw new SamlRefused(
      'audience',
      `the assertion is for anybody; it should have an AudienceRestriction with ${shown(entityId)}`,
    )
}

function checkTimes(conditions: XmlElement, now: number): void {
  const [from, until] = [attributeOf(conditions, 'NotBefore'), attributeOf(conditions, 'NotOnOrAfter')]
  const notBefore = from === undefined ? -Infinity : needInstant(from, 'NotBefore of the conditions')
  const notOnOrAfter = until === undefined ? Infinity : needInstant(until, 'NotOnOrAfter of the conditions')
  if (notBefore >= notOnOrAfter) throw new SamlRefused('time', `the assertion ends at ${until}, before it begins at ${from}`)
  if (now < notBefore - SKEW_MS) throw new SamlRefused('time', `the assertion counts from ${from} on: are both clocks right?`)
  if (now >= notOnOrAfter + SKEW_MS) throw new SamlRefused('time', `the assertion ended at ${until}: are both clocks right?`)
}

/** Audiences of one restriction are alternatives, restrictions add up (Core 2.5.1.4). */
function checkAudience(restriction: XmlElement, entityId: string): void {
  const parts = sequenceOf(restriction)
  const audiences: string[] = []
  for (let one = parts.take(NS.saml, 'Audience'); one; one = parts.take(NS.saml, 'Audience')) audiences.push(textOf(one))
  parts.end()
  if (audiences.includes(entityId)) return
  const found = audiences.slice(0, 3).map(shown).join(', ') || 'nobody'
  throw new SamlRefused('audience', `the assertion is for ${found}; it should be for ${shown(entityId)}`)
}
