/**
 * What an assertion whose signature holds must say before it counts, and what it then says (Core 2, Profiles 4.1.4).
 * To be read from the text that was signed.
 */
import type { Attributes } from './attributes.ts'
import { attributesIn } from './attributes.ts'
import { checkConditions } from './conditions.ts'
import { needInstant, SKEW_MS } from './instant.ts'
import { NS } from './names.ts'
import { SamlRefused, shown } from './refusal.ts'
import { checkIssuer, issuerIn, messageHead } from './response.ts'
import type { NameId } from './subject.ts'
import { readSubject } from './subject.ts'
import type { XmlElement } from './xml.ts'
import { attributeOf, isNamed, sequenceOf } from './xml.ts'

/** How old a message may be, whatever it says of itself. */
const MAX_AGE_MS = 600_000

export type Expected = {
  /** The entity id of the identity provider whose key signed. */
  readonly issuer: string
  /** Of this service. */
  readonly entityId: string
  readonly acsUrl: string
  /** As the Response around it says; undefined when nobody asked. */
  readonly inResponseTo: string | undefined
  /** Epoch milliseconds. */
  readonly now: number
}

export type Statements = Attributes & {
  readonly assertionId: string
  readonly nameId?: NameId
  /** When the identity provider wants the session ended, at the latest; epoch milliseconds. */
  readonly sessionNotOnOrAfter?: number
  /** From then on a copy is refused for its age alone; epoch milliseconds. */
  readonly usableUntil: number
}

/** @throws {SamlRefused} */
export function readAssertion(assertion: XmlElement, expected: Expected): Statements {
  const { id, issueInstant } = messageHead(assertion)
  const issued = checkIssued(issueInstant, 'Assertion', expected.now)
  const parts = sequenceOf(assertion)
  checkIssuer(issuerIn(parts.need(NS.saml, 'Issuer')), expected.issuer, 'Assertion')
  const { notOnOrAfter, ...named } = readSubject(parts.need(NS.saml, 'Subject'), expected)
  checkConditions(parts.need(NS.saml, 'Conditions'), expected)
  parts.take(NS.saml, 'Advice')
  const statements = parts.rest()
  statements.forEach(checkStatement)
  return {
    assertionId: id,
    ...named,
    ...readSession(
      statements.filter(({ local }) => local === 'AuthnStatement'),
      expected.now,
    ),
    ...attributesIn(statements.filter(({ local }) => local === 'AttributeStatement')),
    // And a little longer, since clocks of processes differ.
    usableUntil: Math.min(issued + MAX_AGE_MS, notOnOrAfter + SKEW_MS) + SKEW_MS,
  }
}

/** @returns epoch milliseconds */
export function checkIssued(text: string, of: string, now: number): number {
  const issued = needInstant(text, `IssueInstant of the ${of}`)
  if (issued > now + SKEW_MS)
    throw new SamlRefused('time', `the ${of} was issued in the future, at ${text}: are both clocks right?`)
  if (issued <= now - MAX_AGE_MS) throw new SamlRefused('time', `the ${of} is too old: it was issued at ${text}`)
  return issued
}

const STATEMENTS = ['AuthnStatement', 'AttributeStatement', 'AuthzDecisionStatement']

function checkStatement(element: XmlElement): void {
  if (!STATEMENTS.some((local) => isNamed(element, NS.saml, local)))
    throw new SamlRefused('structure', `there is ${shown(element.name)} in the Assertion, where a statement belongs`)
}

/** The person signed in there, and is so still (Core 2.7.2). */
function readSession(statements: readonly XmlElement[], now: number): Pick<Statements, 'sessionNotOnOrAfter'> {
  if (statements.length === 0)
    throw new SamlRefused('structure', 'the assertion does not say that anybody signed in: no AuthnStatement')
  const ends = statements.map((statement) => sessionEnd(statement, now)).filter((end) => end !== undefined)
  return ends.length > 0 ? { sessionNotOnOrAfter: Math.min(...ends) } : {}
}

function sessionEnd(statement: XmlElement, now: number): number | undefined {
  const parts = sequenceOf(statement)
  parts.take(NS.saml, 'SubjectLocality')
  parts.need(NS.saml, 'AuthnContext')
  parts.end()
  const signedIn = attributeOf(statement, 'AuthnInstant') ?? ''
  if (needInstant(signedIn, 'AuthnInstant') > now + SKEW_MS)
    throw new SamlRefused('time', `the sign-in is in the future, at ${signedIn}`)
  const text = attributeOf(statement, 'SessionNotOnOrAfter')
  if (text === undefined) return
  const end = needInstant(text, 'SessionNotOnOrAfter')
  if (now >= end + SKEW_MS) throw new SamlRefused('time', `the session at the identity provider ended at ${text}`)
  return end
}
