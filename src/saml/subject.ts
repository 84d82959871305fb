/**
 * Of whom an assertion speaks, and that it was handed to the right place, in time and in answer to the right question:
 * Subject, NameID, bearer confirmation (Core 2.4, Profiles 4.1.4.2).
 */
import { instantIn, SKEW_MS } from './instant.ts'
import { METHOD_BEARER, NS } from './names.ts'
import { SamlRefused, shown } from './refusal.ts'
import type { XmlElement } from './xml.ts'
import { attributeOf, sequenceOf, textOf } from './xml.ts'

const MOST_NAME_CHARACTERS = 1024

export type NameId = {
  readonly value: string
  readonly format?: string
}

export type Subject = {
  /** Absent where attributes alone tell who it is: a confirmation is enough for a Subject (Core 2.4.1). */
  readonly nameId?: NameId
  /** Of the confirmation that holds; epoch milliseconds. */
  readonly notOnOrAfter: number
}

export type Handover = {
  readonly acsUrl: string
  /** As the Response around it says; undefined when nobody asked. */
  readonly inResponseTo: string | undefined
  /** Epoch milliseconds. */
  readonly now: number
}

/** @throws {SamlRefused} */
export function readSubject(subject: XmlElement, handover: Handover): Subject {
  const parts = sequenceOf(subject)
  if (parts.take(NS.saml, 'EncryptedID'))
    throw new SamlRefused('subject', 'the NameID is encrypted; the identity provider should encrypt the whole assertion instead')
  const name = parts.take(NS.saml, 'NameID')
  const named = name && { nameId: readNameId(name) }
  const confirmed: (number | string)[] = []
  for (let one = parts.take(NS.saml, 'SubjectConfirmation'); one; one = parts.take(NS.saml, 'SubjectConfirmation'))
    confirmed.push(confirmation(one, handover))
  parts.end()
  const notOnOrAfter = confirmed.find((until) => typeof until === 'number')
  if (notOnOrAfter !== undefined) return { ...named, notOnOrAfter }
  const found = confirmed.slice(0, 3).join('; ') || 'there is none'
  throw new SamlRefused('subject', `no SubjectConfirmation holds: ${found}`)
}

function readNameId(element: XmlElement): NameId {
  const value = textOf(element)
  if (value.trim() === '' || value.length > MOST_NAME_CHARACTERS)
    throw new SamlRefused('subject', `the NameID has ${value.length} characters; it should have 1 to ${MOST_NAME_CHARACTERS}`)
  const format = attributeOf(element, 'Format')
  return { value, ...(format !== undefined && { format }) }
}

/** All of it must hold together in one. @returns until when, or why not */
function confirmation(element: XmlElement, { acsUrl, inResponseTo, now }: Handover): number | string {
  const method = attributeOf(element, 'Method')
  if (method !== METHOD_BEARER) return `its Method is ${shown(method)}, not bearer`
  const parts = sequenceOf(element)
  parts.take(NS.saml, 'NameID')
  const data = parts.take(NS.saml, 'SubjectConfirmationData')
  parts.end()
  if (data === undefined) return 'it has no SubjectConfirmationData'
  const recipient = attributeOf(data, 'Recipient')
  if (recipient !== acsUrl) return `its Recipient is ${shown(recipient)}, not ${shown(acsUrl)}`
  if (attributeOf(data, 'NotBefore') !== undefined) return 'it has a NotBefore, which a bearer confirmation may not have'
  const text = attributeOf(data, 'NotOnOrAfter')
  const notOnOrAfter = instantIn(text ?? '')
  if (notOnOrAfter === undefined) return `its NotOnOrAfter is ${shown(text)}, not a time in UTC`
  if (now >= notOnOrAfter + SKEW_MS) return `it ended at ${text}`
  const answers = attributeOf(data, 'InResponseTo')
  return answers === inResponseTo
    ? notOnOrAfter
    : `its InResponseTo is ${shown(answers)}, and that of the Response is ${shown(inResponseTo)}`
}
