/**
 * Signature wrapping: a true signature over a true element, and another element where readers look. The first eight are
 * those of Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be" (2012).
 */

import { encryptedAssertion } from '../encrypt.ts'
import type { Hostile, Lab } from '../lab.ts'
import { cut, EVIL, edited, evilAssertion, field, honest, signedBy } from '../lab.ts'
import { idOf, newId, SUCCESS } from '../response.ts'

const SIGNATURE = 'ds:Signature'

/** The response around an assertion, with something else in its place. */
function around(xml: string, inner: string): string {
  const [before, , behind] = cut(xml, 'saml:Assertion')
  return before + inner + behind
}

function assertionOf(xml: string): string {
  return cut(xml, 'saml:Assertion')[1]
}

/** Without its signature, and the signature. */
function parted(element: string): readonly [bare: string, signature: string] {
  const [before, signature, behind] = cut(element, SIGNATURE)
  return [before + behind, signature]
}

function withSignature(element: string, signature: string): string {
  return element.replace(/<\/saml:Issuer>/, (issuer) => issuer + signature)
}

function evilResponse(lab: Lab, xml: string): string {
  return edited(around(parted(xml)[0], evilAssertion(lab)), `ID="${idOf(xml, 'Response')}"`, `ID="${newId()}"`)
}

function inObject(signature: string, element: string): string {
  return edited(signature, `</${SIGNATURE}>`, `<ds:Object>${element}</ds:Object></${SIGNATURE}>`)
}

export const WRAPPING: readonly Hostile[] = [
  {
    name: '1: the true response within the signature of a false one',
    make: (lab) => {
      const xml = honest(lab, 'response')
      const [bare, signature] = parted(xml)
      return field(withSignature(evilResponse(lab, xml), inObject(signature, bare)))
    },
    code: 'structure',
  },
  {
    name: '2: the true response before the signature of a false one',
    make: (lab) => {
      const xml = honest(lab, 'response')
      const [bare, signature] = parted(xml)
      return field(withSignature(evilResponse(lab, xml), bare + signature))
    },
    code: 'xml',
  },
  {
    name: '3: a false assertion before the true one',
    make: (lab) => {
      const xml = honest(lab)
      return field(around(xml, evilAssertion(lab) + assertionOf(xml)))
    },
    code: 'xml',
  },
  {
    name: '3: a false assertion behind the true one',
    make: (lab) => {
      const xml = honest(lab)
      return field(around(xml, assertionOf(xml) + evilAssertion(lab)))
    },
    code: 'xml',
  },
  {
    name: '4: the true assertion within a false one',
    make: (lab) => {
      const xml = honest(lab)
      return field(around(xml, edited(evilAssertion(lab), '</saml:Assertion>', `${assertionOf(xml)}</saml:Assertion>`)))
    },
    code: 'structure',
  },
  {
    name: '5: the signature on a false assertion, the true one behind it',
    make: (lab) => {
      const xml = honest(lab)
      const [bare, signature] = parted(assertionOf(xml))
      return field(around(xml, withSignature(evilAssertion(lab), signature) + bare))
    },
    code: 'xml',
  },
  {
    name: '6: the true assertion within the signature on a false one',
    make: (lab) => {
      const xml = honest(lab)
      const [bare, signature] = parted(assertionOf(xml))
      return field(around(xml, withSignature(evilAssertion(lab), edited(signature, `</${SIGNATURE}>`, `${bare}</${SIGNATURE}>`))))
    },
    code: 'structure',
  },
  {
    name: '7: a false assertion among the extensions',
    make: (lab) => {
      const xml = honest(lab)
      return field(edited(xml, SUCCESS, `<samlp:Extensions>${evilAssertion(lab)}</samlp:Extensions>${SUCCESS}`))
    },
    code: 'structure',
  },
  {
    name: '8: the true assertion in an object of the signature on a false one',
    make: (lab) => {
      const xml = honest(lab)
      const [bare, signature] = parted(assertionOf(xml))
      return field(around(xml, withSignature(evilAssertion(lab), inObject(signature, bare))))
    },
    code: 'structure',
  },
  ...places(),
  ...spellings(),
  {
    name: 'a false assertion under the ID of the true one, which is kept in the extensions',
    make: (lab) => {
      const xml = honest(lab)
      const [bare, signature] = parted(assertionOf(xml))
      const evil = withSignature(evilAssertion(lab, { id: idOf(bare, 'Assertion') }), signature)
      return field(
        edited(
          around(xml, evil),
          SUCCESS,
          `<samlp:Extensions>${bare.replaceAll('saml:Assertion', 'saml:Asserted')}</samlp:Extensions>${SUCCESS}`,
        ),
      )
    },
    code: 'structure',
  },
  {
    name: 'two elements of one ID',
    make: (lab) => {
      const xml = honest(lab)
      const twin = `<samlp:Extensions><x:Thing xmlns:x="urn:x" ID="${idOf(xml, 'Assertion')}"/></samlp:Extensions>`
      return field(edited(xml, SUCCESS, twin + SUCCESS))
    },
    code: 'structure',
  },
  {
    name: 'one ID, spelled Id at the second element',
    make: (lab) => {
      const xml = honest(lab)
      const twin = `<samlp:Extensions><x:Thing xmlns:x="urn:x" Id="${idOf(xml, 'Assertion')}"/></samlp:Extensions>`
      return field(edited(xml, SUCCESS, twin + SUCCESS))
    },
    code: 'structure',
  },
  {
    name: 'one ID, as xml:id at the second element',
    make: (lab) => {
      const xml = honest(lab)
      const twin = `<samlp:Extensions><x:Thing xmlns:x="urn:x" xml:id="${idOf(xml, 'Assertion')}"/></samlp:Extensions>`
      return field(edited(xml, SUCCESS, twin + SUCCESS))
    },
    code: 'structure',
  },
  {
    name: 'an ID of another language',
    make: (lab) => field(edited(honest(lab), '<saml:Subject', '<saml:Subject xmlns:wsu="urn:wsu" wsu:Id="a"')),
    code: 'structure',
  },
  {
    name: 'the signature of the assertion at the response',
    make: (lab) => {
      const xml = honest(lab)
      const [bare, signature] = parted(xml)
      return field(withSignature(bare, signature))
    },
    code: 'structure',
  },
  {
    name: 'the signature of the response at the assertion',
    make: (lab) => {
      const [bare, signature] = parted(honest(lab, 'response'))
      return field(around(bare, withSignature(evilAssertion(lab), signature)))
    },
    code: 'structure',
  },
  {
    name: 'a signature that refers to the response from within the assertion',
    make: (lab) => {
      const xml = honest(lab)
      return field(edited(xml, `URI="#${idOf(xml, 'Assertion')}"`, `URI="#${idOf(xml, 'Response')}"`))
    },
    code: 'structure',
  },
  {
    name: 'two signatures on the assertion',
    make: (lab) => {
      const xml = honest(lab)
      const [, signature] = parted(assertionOf(xml))
      return field(edited(xml, signature, signature + signature))
    },
    code: ['xml', 'structure'],
  },
  {
    name: 'a signature at the end of the assertion',
    make: (lab) => {
      const xml = honest(lab)
      const [bare, signature] = parted(assertionOf(xml))
      return field(around(xml, edited(bare, '</saml:Assertion>', `${signature}</saml:Assertion>`)))
    },
    code: 'structure',
  },
  {
    name: 'a signature within the subject',
    make: (lab) => {
      const xml = honest(lab)
      const [bare, signature] = parted(assertionOf(xml))
      return field(around(xml, edited(bare, '<saml:Subject>', `<saml:Subject>${signature}`)))
    },
    code: 'structure',
  },
  {
    name: 'a signature that does not hold on a response, around an assertion that does',
    make: (lab) => field(edited(honest(lab, 'both'), '<samlp:StatusCode ', '<samlp:StatusCode x="1" ')),
    code: 'signature',
  },
  {
    name: 'a signature that does not hold on an assertion, within a response that does',
    make: (lab) => {
      const inner = edited(signedBy(lab), '>ada@uni.example<', `>${EVIL}<`)
      const [bare, signature] = parted(assertionOf(inner))
      const other = signedBy(lab, { id: idOf(bare, 'Assertion') }, { assertion: withSignature(bare, signature) }, 'response')
      return field(other)
    },
    code: 'signature',
  },
  {
    name: 'an encrypted false assertion beside the true one',
    make: (lab) => {
      const xml = honest(lab)
      return field(around(xml, encryptedAssertion(evilAssertion(lab), { key: lab.spKey }) + assertionOf(xml)))
    },
    code: 'xml',
  },
  {
    name: 'the true assertion beside an encrypted false one',
    make: (lab) => {
      const xml = honest(lab)
      return field(around(xml, assertionOf(xml) + encryptedAssertion(evilAssertion(lab), { key: lab.spKey })))
    },
    code: 'xml',
  },
]

/** A second assertion wherever a schema lets anything stand. */
function places(): Hostile[] {
  const where: readonly (readonly [string, (lab: Lab, evil: string) => string])[] = [
    ['in the advice', (lab, evil) => signedBy(lab, { advice: `<saml:Advice>${evil}</saml:Advice>` })],
    [
      'in the detail of the status',
      (lab, evil) => edited(honest(lab), '</samlp:Status>', `<samlp:StatusDetail>${evil}</samlp:StatusDetail></samlp:Status>`),
    ],
    [
      'in the value of an attribute',
      (lab, evil) =>
        signedBy(lab, {
          attributes: `<saml:AttributeStatement><saml:Attribute Name="x"><saml:AttributeValue>${evil}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>`,
        }),
    ],
    [
      'in the data of the confirmation',
      (lab, evil) =>
        edited(
          honest(lab),
          /(<saml:SubjectConfirmationData[^>]*)\/>/,
          `<saml:SubjectConfirmationData>${evil}</saml:SubjectConfirmationData>`,
        ),
    ],
    ['in the KeyInfo', (lab, evil) => edited(honest(lab), '</ds:Signature>', `<ds:KeyInfo>${evil}</ds:KeyInfo></ds:Signature>`)],
    [
      'in a declaration of the authentication context',
      (lab, evil) =>
        edited(honest(lab), '</saml:AuthnContext>', `<saml:AuthnContextDecl>${evil}</saml:AuthnContextDecl></saml:AuthnContext>`),
    ],
    [
      'in a whole response among the extensions',
      (lab, evil) =>
        edited(honest(lab), SUCCESS, `<samlp:Extensions><samlp:Response>${evil}</samlp:Response></samlp:Extensions>${SUCCESS}`),
    ],
  ]
  return where.map(([name, make]) => ({
    name: `a false assertion ${name}`,
    make: (lab) => field(make(lab, evilAssertion(lab))),
    code: ['structure', 'xml'],
  }))
}

/** Readers that go by name alone take these for what they look like. */
function spellings(): Hostile[] {
  const other = 'xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion"'
  const named: readonly (readonly [string, (evil: string) => string])[] = [
    ['of another namespace', (evil) => evil.replace(/xmlns:saml="[^"]+"/, other)],
    ['of no namespace', (evil) => evil.replaceAll('saml:', '').replace(/xmlns:saml="[^"]+"/, '')],
    ['in small letters', (evil) => evil.replaceAll('saml:Assertion', 'saml:assertion')],
    ['in capitals', (evil) => evil.replaceAll('saml:Assertion', 'saml:ASSERTION')],
  ]
  return named.map(([name, spell]) => ({
    name: `a false assertion ${name} among the extensions`,
    make: (lab) =>
      field(edited(honest(lab), SUCCESS, `<samlp:Extensions>${spell(evilAssertion(lab))}</samlp:Extensions>${SUCCESS}`)),
    code: 'structure',
  }))
}
