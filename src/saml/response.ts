/**
 * The outside of a response: exactly one assertion in exactly one place, signatures where they belong, every ID once.
 * Holds for what was posted, before anything of it is proven.
 */
import { FORMAT_ENTITY, NS, STATUS_SUCCESS } from './names.ts'
import { SamlRefused, shown } from './refusal.ts'
import type { XmlElement } from './xml.ts'
import { attributeOf, elementsOf, everyElement, isIdAttribute, isNamed, sequenceOf, textOf } from './xml.ts'

export type ResponseParts = {
  readonly element: XmlElement
  readonly issuer?: string
  readonly signature?: XmlElement
  readonly destination?: string
  readonly inResponseTo?: string
  readonly issueInstant: string
  /** `saml:Assertion` or `saml:EncryptedAssertion`. */
  readonly assertion: XmlElement
}

/** @throws {SamlRefused} `structure` or `status` */
export function responseParts(element: XmlElement): ResponseParts {
  if (!isNamed(element, NS.samlp, 'Response'))
    throw new SamlRefused('structure', `the message is ${shown(element.name)}; it should be a Response of SAML 2.0`)
  const parts = sequenceOf(element)
  const issuer = parts.take(NS.saml, 'Issuer')
  const signature = parts.take(NS.ds, 'Signature')
  parts.take(NS.samlp, 'Extensions')
  checkStatus(parts.need(NS.samlp, 'Status'))
  const assertion = parts.take(NS.saml, 'EncryptedAssertion') ?? parts.need(NS.saml, 'Assertion')
  parts.end()
  const [destination, inResponseTo] = [attributeOf(element, 'Destination'), attributeOf(element, 'InResponseTo')]
  return {
    element,
    issueInstant: messageHead(element).issueInstant,
    ...(issuer && { issuer: issuerIn(issuer) }),
    ...(signature && { signature }),
    ...(destination !== undefined && { destination }),
    ...(inResponseTo !== undefined && { inResponseTo }),
    assertion,
  }
}

/** What Response and Assertion have in common: version, ID, time. */
export function messageHead(element: XmlElement): { readonly id: string; readonly issueInstant: string } {
  const version = attributeOf(element, 'Version')
  if (version !== '2.0')
    throw new SamlRefused('structure', `the Version of the ${element.local} is ${shown(version)}; it should be "2.0"`)
  const id = attributeOf(element, 'ID')
  if (id === undefined || !/^[\p{L}_][\p{L}\p{N}\p{M}_.-]{0,255}$/u.test(id))
    throw new SamlRefused('structure', `the ID of the ${element.local} is ${shown(id)}; it should begin with a letter or _`)
  const issueInstant = attributeOf(element, 'IssueInstant')
  if (issueInstant === undefined) throw new SamlRefused('structure', `the ${element.local} has no IssueInstant`)
  return { id, issueInstant }
}

/** To the letter: names of entities are compared as they are. */
export function issuerIn(issuer: XmlElement): string {
  const format = attributeOf(issuer, 'Format')
  if (format !== undefined && format !== FORMAT_ENTITY)
    throw new SamlRefused('idp', `the Format of an Issuer is ${shown(format)}; it should be ${FORMAT_ENTITY}, or absent`)
  return textOf(issuer)
}

export function checkIssuer(found: string, right: string, of: string): void {
  if (found !== right) throw new SamlRefused('idp', `the Issuer of the ${of} is ${shown(found)}; it should be ${shown(right)}`)
}

/** Core 3.2.2.2. A response that is not signed has a Status that anybody may have written: it can only refuse. */
function checkStatus(status: XmlElement): void {
  const parts = sequenceOf(status)
  const code = parts.need(NS.samlp, 'StatusCode')
  parts.take(NS.samlp, 'StatusMessage')
  parts.take(NS.samlp, 'StatusDetail')
  parts.end()
  const value = attributeOf(code, 'Value')
  if (value === STATUS_SUCCESS) return
  const inner = elementsOf(code).find((child) => isNamed(child, NS.samlp, 'StatusCode'))
  const reason = inner ? `, ${shown(attributeOf(inner, 'Value'))}` : ''
  throw new SamlRefused('status', `the identity provider did not sign the person in: ${shown(value)}${reason}`)
}

/** Names that stand for more than themselves: whoever reads by name alone must find each in its one place. */
const SINGULAR: ReadonlySet<string> = new Set(['assertion', 'encryptedassertion', 'response'])

/**
 * What no place may have twice, however it is spelled: responses, assertions, signatures out of place, IDs.
 * @param known IDs that stand elsewhere; those found here are added
 * @throws {SamlRefused} `structure`
 */
export function checkPlaces(root: XmlElement, places: readonly (XmlElement | undefined)[], known: Set<string> = new Set()): void {
  for (const element of everyElement(root)) {
    const isSingular = SINGULAR.has(element.local.toLowerCase()) || element.local.toLowerCase() === 'signature'
    if (isSingular && !places.includes(element))
      throw new SamlRefused('structure', `there is ${shown(element.name)} in a place where none belongs`)
    checkIds(element, known)
  }
}

function checkIds(element: XmlElement, known: Set<string>): void {
  for (const attribute of element.attributes) {
    if (attribute.local.toLowerCase() !== 'id') continue
    if (!isIdAttribute(attribute))
      throw new SamlRefused('structure', `${shown(element.name)} has ${shown(attribute.name)}, an ID of another language`)
    if (known.has(attribute.value)) throw new SamlRefused('structure', `the ID ${shown(attribute.value)} stands at two elements`)
    known.add(attribute.value)
  }
}
