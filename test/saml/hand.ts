/**
 * Responses in the hand of an identity provider: where it declares namespaces and by which prefixes, how it names and
 * types attributes, what it signs, how it encrypts.
 */
import type { KeyObject } from 'node:crypto'
import type { Encrypting } from './encrypt.ts'
import { encryptedAssertion } from './encrypt.ts'
import type { Scene, Signed } from './response.ts'
import { at, field, idOf, newId } from './response.ts'
import type { Signing } from './signer.ts'
import { signed } from './signer.ts'

export type Hand = {
  /** Prefixes with their colon; '' is the default namespace. */
  readonly protocol: string
  readonly assertion: string
  /** Where the assertion's namespace is declared. */
  readonly declares?: 'each' | 'response'
  readonly names: keyof typeof NAMES
  readonly format?: 'uri' | 'basic' | 'unspecified' | 'none'
  /** The xsi:type of values, and where its namespaces are declared. */
  readonly type?: { readonly name: string; readonly at: 'value' | 'attribute' | 'assertion' | 'response' }
  readonly nameId?: string
  /** Behind the usual attributes; `$` is the assertion's prefix. */
  readonly more?: string
  readonly groups?: number
  readonly signs: Signed
  readonly signing?: Partial<Signing>
  readonly encrypts?: Omit<Encrypting, 'key'>
  readonly isPretty?: boolean
  readonly isWithoutIssuer?: boolean
  readonly isWithoutDestination?: boolean
  readonly instant?: (instant: string) => string
  /** Last words on the text that was signed. */
  readonly finish?: (xml: string) => string | Buffer
  readonly post?: (field: string) => string
}

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/'

const NAMES = {
  oid: {
    uid: 'urn:oid:0.9.2342.19200300.100.1.1',
    mail: 'urn:oid:0.9.2342.19200300.100.1.3',
    first: 'urn:oid:2.5.4.42',
    last: 'urn:oid:2.5.4.4',
    role: 'urn:oid:1.3.6.1.4.1.5923.1.1.1.1',
  },
  claims: {
    uid: `${CLAIMS}upn`,
    mail: `${CLAIMS}emailaddress`,
    first: `${CLAIMS}givenname`,
    last: `${CLAIMS}surname`,
    role: 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role',
  },
  short: { uid: 'uid', mail: 'mail', first: 'givenName', last: 'sn', role: 'eduPersonAffiliation' },
  camel: { uid: 'username', mail: 'email', first: 'firstName', last: 'lastName', role: 'userType' },
  dotted: { uid: 'login', mail: 'User.email', first: 'User.FirstName', last: 'User.LastName', role: 'groups' },
} as const

/** What every one of them says of the same person. */
export const PERSON = { uid: 'ada', mail: 'ada@uni.example', first: 'Ada', last: 'Lovelace', role: 'student' } as const

/** @returns the field of the form */
export function postedBy(hand: Hand, scene: Scene, spKey: KeyObject): string {
  const { signs, signing, encrypts, finish = (xml: string) => xml, post = (text: string) => text } = hand
  const pen: Signing = { key: scene.idp.privateKey, ...signing }
  const [head, plain, tail] = parts(hand, scene)
  let whole = head + plain + tail
  if (signs !== 'response') whole = signed(whole, idOf(whole, 'Assertion'), pen)
  if (encrypts) {
    const open = whole.indexOf(`<${hand.assertion}Assertion`)
    const close = whole.indexOf(`</${hand.assertion}Assertion>`) + `</${hand.assertion}Assertion>`.length
    whole = whole.slice(0, open) + encryptedAssertion(whole.slice(open, close), { key: spKey, ...encrypts }) + whole.slice(close)
  }
  if (signs !== 'assertion') whole = signed(whole, idOf(whole, 'Response'), pen)
  return post(field(finish(whole)))
}

/** The assertion, and what stands around it. */
function parts(hand: Hand, scene: Scene): readonly [string, string, string] {
  const {
    protocol: p,
    assertion: a,
    declares = 'each',
    type,
    isPretty,
    isWithoutIssuer,
    isWithoutDestination,
    instant = (text: string) => text,
  } = hand
  const { acsUrl, inResponseTo, idp, now } = scene
  const namespace = ` xmlns${a && `:${a.slice(0, -1)}`}="urn:oasis:names:tc:SAML:2.0:assertion"`
  const own = declares === 'each' ? namespace : ''
  const answers = inResponseTo === undefined ? '' : ` InResponseTo="${inResponseTo}"`
  const destination = isWithoutDestination ? '' : ` Destination="${acsUrl}"`
  const outer = (declares === 'response' ? namespace : '') + (type?.at === 'response' ? TYPES : '')
  const head =
    `<${p}Response xmlns${p && `:${p.slice(0, -1)}`}="urn:oasis:names:tc:SAML:2.0:protocol"${outer} ID="${newId()}" Version="2.0" ` +
    `IssueInstant="${instant(at(0, now))}"${destination}${answers}>` +
    (isWithoutIssuer ? '' : `<${a}Issuer${own}>${idp.entityId}</${a}Issuer>`) +
    `<${p}Status><${p}StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></${p}Status>`
  const made = [head, assertion(hand, scene, own), `</${p}Response>`] as const
  if (!isPretty) return made
  const spaced = (xml: string) => xml.replaceAll(/>(?=<)/g, '>\n  ')
  return [`${spaced(made[0])}\n  `, spaced(made[1]), `\n${made[2]}\n`]
}

const TYPES = ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

function assertion(hand: Hand, { acsUrl, entityId, inResponseTo, idp, now }: Scene, own: string): string {
  const {
    assertion: a,
    nameId = '<$NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">_4f4f</$NameID>',
    instant = (text: string) => text,
  } = hand
  const when = (seconds: number) => instant(at(seconds, now))
  const answers = inResponseTo === undefined ? '' : ` InResponseTo="${inResponseTo}"`
  const data = `<$SubjectConfirmationData${answers} NotOnOrAfter="${when(300)}" Recipient="${acsUrl}"/>`
  return (
    `<$Assertion${own}${hand.type?.at === 'assertion' ? TYPES : ''} ID="${newId()}" IssueInstant="${when(0)}" Version="2.0"><$Issuer>${idp.entityId}</$Issuer>` +
    `<$Subject>${nameId}<$SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">${data}</$SubjectConfirmation></$Subject>` +
    `<$Conditions NotBefore="${when(-300)}" NotOnOrAfter="${when(3600)}"><$AudienceRestriction><$Audience>${entityId}</$Audience></$AudienceRestriction></$Conditions>` +
    `<$AuthnStatement AuthnInstant="${when(-7200)}" SessionIndex="_s7" SessionNotOnOrAfter="${when(28_800)}"><$SubjectLocality Address="192.0.2.7"/>` +
    '<$AuthnContext><$AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</$AuthnContextClassRef></$AuthnContext></$AuthnStatement>' +
    `<$AttributeStatement>${attributes(hand)}</$AttributeStatement></$Assertion>`
  ).replaceAll(/(<\/?)\$/g, `$1${a}`)
}

function attributes({ names, format = 'uri', type, more = '', groups = 0 }: Hand): string {
  const formatted = format === 'none' ? '' : ` NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:${format}"`
  const typed = type ? `${type.at === 'value' ? TYPES : ''} xsi:type="${type.name}"` : ''
  const one = (name: string, values: readonly string[]) =>
    `<$Attribute${type?.at === 'attribute' ? TYPES : ''} Name="${name}"${formatted}>` +
    `${values.map((value) => `<$AttributeValue${typed}>${value}</$AttributeValue>`).join('')}</$Attribute>`
  const usual = Object.entries(NAMES[names]).map(([key, name]) => one(name, [PERSON[key as keyof typeof PERSON]]))
  const member =
    groups === 0
      ? ''
      : one(
          'urn:example:groups',
          Array.from({ length: groups }, (_, index) => `9f8e7d6c-1111-2222-3333-${String(index).padStart(12, '0')}`),
        )
  return usual.join('') + member + more
}
