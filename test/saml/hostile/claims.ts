/**
 * Signed by the identity provider, and still not for here, not now, not of this person, or not SAML.
 */
import type { Hostile, Lab } from '../lab.ts'
import { edited, field, signedBy } from '../lab.ts'
import type { AssertionParts, ResponseParts, Scene, Signed } from '../response.ts'
import {
  assertionXml,
  at,
  attributesXml,
  attributeXml,
  authnXml,
  bearer,
  conditionsXml,
  responseXml,
  SUCCESS,
  signedResponse,
  XMLNS,
} from '../response.ts'

function says(name: string, parts: AssertionParts | ((scene: Scene) => AssertionParts), code: Hostile['code']): Hostile {
  return { name, make: (lab) => field(signedBy(lab, typeof parts === 'function' ? parts(lab.scene) : parts)), code }
}

function around(
  name: string,
  parts: ResponseParts | ((scene: Scene) => ResponseParts),
  code: Hostile['code'],
  what: Signed = 'assertion',
): Hostile {
  return { name, make: (lab) => field(signedBy(lab, {}, typeof parts === 'function' ? parts(lab.scene) : parts, what)), code }
}

/** The text is changed first, and then signed. */
function signedAfter(
  name: string,
  change: (xml: string, lab: Lab) => string,
  code: Hostile['code'],
  what: Signed = 'assertion',
): Hostile {
  return { name, make: (lab) => field(signedResponse(lab.scene, change(responseXml(lab.scene), lab), what)), code }
}

const confirmed = ({ acsUrl, inResponseTo }: Scene, change: Record<string, string | undefined> = {}): string => {
  const attributes = { Recipient: acsUrl, NotOnOrAfter: at(300), InResponseTo: inResponseTo, ...change }
  const written = Object.entries(attributes).map(([name, value]) => (value === undefined ? '' : ` ${name}="${value}"`))
  return `<saml:SubjectConfirmationData${written.join('')}/>`
}

const data = (name: string, change: Record<string, string | undefined>): Hostile =>
  says(name, (scene) => ({ confirmations: bearer(confirmed(scene, change)) }), 'subject')

const restricted = (...audiences: readonly string[]): string =>
  `<saml:AudienceRestriction>${audiences.map((one) => `<saml:Audience>${one}</saml:Audience>`).join('')}</saml:AudienceRestriction>`

const audience = (name: string, make: (entityId: string) => string, code: Hostile['code'] = 'audience'): Hostile =>
  says(name, ({ entityId }) => ({ conditions: conditionsXml(make(entityId)) }), code)

const times = (name: string, attributes: string, code: Hostile['code'] = 'time'): Hostile =>
  says(name, ({ entityId }) => ({ conditions: `<saml:Conditions${attributes}>${restricted(entityId)}</saml:Conditions>` }), code)

const issuedAt = (text: string): string => `Version="2.0" IssueInstant="${text}"`
const named =
  (format: string) =>
  ({ idp }: Scene) =>
    `<saml:Issuer ${XMLNS}${format}>${idp.entityId}</saml:Issuer>`
const issuer =
  (make: (entityId: string) => string) =>
  ({ idp }: Scene) =>
    `<saml:Issuer ${XMLNS}>${make(idp.entityId)}</saml:Issuer>`
const status = (value: string, more = ''): string =>
  `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${value}">${more}</samlp:StatusCode></samlp:Status>`

const ISSUERS: readonly (readonly [string, (entityId: string) => string])[] = [
  ['of somebody else', () => 'https://evil.example/idp'],
  ['that is empty', () => ''],
  ['with a space', (id) => ` ${id}`],
  ['with a line', (id) => `${id}\n`],
  ['with a slash more', (id) => `${id}/`],
  ['in capitals', (id) => id.toUpperCase()],
  ['that begins alike', (id) => id.slice(0, -1)],
]

export const CLAIMS: readonly Hostile[] = [
  ...ISSUERS.map(([what, make]) =>
    around(`an issuer of the response ${what}`, (scene) => ({ issuer: issuer(make)(scene) }), 'idp'),
  ),
  ...ISSUERS.map(([what, make]) =>
    says(`an issuer of the assertion ${what}`, (scene) => ({ issuer: issuer(make)(scene) }), 'idp'),
  ),
  around(
    'an issuer that is no entity',
    (scene) => ({ issuer: named(' Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"')(scene) }),
    'idp',
  ),
  says('an assertion without an issuer', { issuer: '' }, 'xml'),
  {
    name: 'an assertion of one identity provider in the name of another one',
    make: (lab) => field(signedResponse({ ...lab.scene, idp: lab.neighbour }, responseXml(lab.scene))),
    code: 'key',
  },
  {
    name: 'the response of one identity provider around the assertion of another one',
    make: (lab) =>
      field(
        signedResponse(
          lab.scene,
          responseXml(lab.scene, { assertion: assertionXml({ ...lab.scene, idp: lab.neighbour }) }),
          'response',
        ),
      ),
    code: 'idp',
  },
  {
    name: 'the identity provider of another institution',
    make: (lab) => {
      const scene = { ...lab.scene, idp: { ...lab.stranger, entityId: 'https://idp.other.example' } }
      return field(signedResponse(scene, responseXml(scene)))
    },
    code: 'idp',
  },

  ...(
    [
      ['elsewhere', 'https://evil.example/acs'],
      ['that is empty', ''],
      ['at another institution', 'https://roll.example/institutions/other/saml/acs'],
    ] as const
  ).flatMap(([what, url]) => [
    around(`a destination ${what}`, { destination: ` Destination="${url}"` }, 'address'),
    around(`a destination ${what}, signed`, { destination: ` Destination="${url}"` }, 'address', 'response'),
  ]),
  around('a destination with a slash more', ({ acsUrl }) => ({ destination: ` Destination="${acsUrl}/"` }), 'address'),
  around('a destination with a query', ({ acsUrl }) => ({ destination: ` Destination="${acsUrl}?x=1"` }), 'address'),
  around('a destination in capitals', ({ acsUrl }) => ({ destination: ` Destination="${acsUrl.toUpperCase()}"` }), 'address'),
  around(
    'a destination without TLS',
    ({ acsUrl }) => ({ destination: ` Destination="${acsUrl.replace('https', 'http')}"` }),
    'address',
  ),
  around('a signed response without a destination', { destination: '' }, 'address', 'response'),

  data('a recipient elsewhere', { Recipient: 'https://evil.example/acs' }),
  data('a recipient at another institution', { Recipient: 'https://roll.example/institutions/other/saml/acs' }),
  data('no recipient', { Recipient: undefined }),
  data('an empty recipient', { Recipient: '' }),
  says(
    'a recipient with a slash more',
    (scene) => ({ confirmations: bearer(confirmed(scene, { Recipient: `${scene.acsUrl}/` })) }),
    'subject',
  ),
  data('a confirmation that ended', { NotOnOrAfter: at(-61) }),
  data('a confirmation without an end', { NotOnOrAfter: undefined }),
  data('a confirmation that ends when nobody knows', { NotOnOrAfter: 'tomorrow' }),
  data('a confirmation with a beginning', { NotBefore: at(-60) }),
  data('an answer to another question', { InResponseTo: '_other' }),
  data('an answer to no question, in a response to one', { InResponseTo: undefined }),
  {
    name: 'an answer to a question, in a response to none',
    make: ({ scene }) =>
      field(
        signedResponse(scene, edited(responseXml(scene), ` InResponseTo="${scene.inResponseTo}" Destination`, ' Destination')),
      ),
    code: 'subject',
  },
  {
    name: 'a response to another question than its assertion',
    make: ({ scene }) =>
      field(signedResponse(scene, edited(responseXml(scene), `InResponseTo="${scene.inResponseTo}"`, 'InResponseTo="_other"'))),
    code: 'subject',
  },
  says('no confirmation', { confirmations: '' }, 'subject'),
  says('a confirmation without data', { confirmations: bearer('') }, 'subject'),
  says(
    'a confirmation for a holder of a key',
    (scene) => ({ confirmations: bearer(confirmed(scene)).replace('cm:bearer', 'cm:holder-of-key') }),
    'subject',
  ),
  says(
    'a confirmation by a sender who vouches',
    (scene) => ({ confirmations: bearer(confirmed(scene)).replace('cm:bearer', 'cm:sender-vouches') }),
    'subject',
  ),
  says(
    'a confirmation without a method',
    (scene) => ({ confirmations: bearer(confirmed(scene)).replace(/ Method="[^"]*"/, '') }),
    'subject',
  ),
  says(
    'two confirmations of which each is half right',
    (scene) => ({
      confirmations:
        bearer(confirmed(scene, { Recipient: 'https://evil.example' })) + bearer(confirmed(scene, { NotOnOrAfter: at(-300) })),
    }),
    'subject',
  ),
  says('data of a confirmation twice', (scene) => ({ confirmations: bearer(confirmed(scene) + confirmed(scene)) }), 'xml'),

  audience('another audience', () => restricted('https://other.example')),
  audience('an audience that begins alike', (id) => restricted(`${id}.evil.example`)),
  audience('an audience with a space', (id) => restricted(`${id} `)),
  audience('the audience of another institution', (id) => restricted(id.replace(/institutions.[^/]+/, 'institutions/other'))),
  audience('an empty audience', () => restricted('')),
  audience('no audience in the restriction', () => restricted()),
  audience('no restriction', () => ''),
  audience('two restrictions of which one is for another', (id) => restricted(id) + restricted('https://other.example')),
  audience(
    'an audience in the restriction of a proxy alone',
    (id) => `<saml:ProxyRestriction><saml:Audience>${id}</saml:Audience></saml:ProxyRestriction>`,
  ),
  audience(
    'an audience of another namespace',
    (id) =>
      restricted(id)
        .replaceAll('saml:Audience>', 'x:Audience>')
        .replaceAll('<x:', '<x:')
        .replace('<saml:AudienceRestriction', '<saml:AudienceRestriction xmlns:x="urn:x"'),
    ['xml', 'audience'],
  ),
  audience('a condition that nobody knows', (id) => `${restricted(id)}<saml:Condition/>`, 'conditions'),
  audience('a condition of another namespace', (id) => `${restricted(id)}<x:Delegation xmlns:x="urn:x"/>`, 'conditions'),
  says('no conditions', { conditions: '' }, 'xml'),
  says('two conditions', ({ entityId }) => ({ conditions: conditionsXml(restricted(entityId)).repeat(2) }), ['xml', 'structure']),

  times('an assertion that ended', ` NotBefore="${at(-600)}" NotOnOrAfter="${at(-61)}"`),
  times('an assertion that ended long ago', ' NotOnOrAfter="2016-01-01T00:00:00Z"'),
  times('an assertion of the future', ` NotBefore="${at(61)}" NotOnOrAfter="${at(600)}"`),
  times('an end before the beginning', ` NotBefore="${at(30)}" NotOnOrAfter="${at(-30)}"`),
  times('an end at the beginning', ` NotBefore="${at(0)}" NotOnOrAfter="${at(0)}"`),
  ...[
    'next year',
    '2030',
    'Fri, 01 Jan 2038 00:00:00 GMT',
    '2038-01-01T00:00:00',
    '2038-01-01T00:00:00+01:00',
    '2038-02-30T00:00:00Z',
    '2038-01-01',
    '2038-01-01T25:00:00Z',
    '+275760-09-13T00:00:00Z',
    '2038-1-1T0:0:0Z',
    ' 2038-01-01T00:00:00Z',
    '',
  ].map((text) => times(`an end that is no time: ${JSON.stringify(text)}`, ` NotOnOrAfter="${text}"`)),
  says('an assertion issued a quarter of an hour ago', { head: issuedAt(at(-900)) }, 'time'),
  says('an assertion issued yesterday', { head: issuedAt(at(-86_400)) }, 'time'),
  says('an assertion issued in two minutes', { head: issuedAt(at(120)) }, 'time'),
  says('an assertion issued at no time', { head: issuedAt('now') }, 'time'),
  says('an assertion that does not say when it was issued', { head: 'Version="2.0"' }, 'structure'),
  around(
    'a response issued a quarter of an hour ago',
    ({ inResponseTo }) => ({ head: `${issuedAt(at(-900))} InResponseTo="${inResponseTo}"` }),
    'time',
  ),
  around(
    'a response issued in two minutes',
    ({ inResponseTo }) => ({ head: `${issuedAt(at(120))} InResponseTo="${inResponseTo}"` }),
    'time',
    'both',
  ),
  around(
    'a response that does not say when it was issued',
    ({ inResponseTo }) => ({ head: `Version="2.0" InResponseTo="${inResponseTo}"` }),
    'structure',
  ),
  {
    name: 'an honest response, a quarter of an hour later',
    make: ({ scene }) => {
      const before = { ...scene, now: scene.now - 900_000 }
      return field(signedResponse(before, responseXml(before), 'both'))
    },
    code: 'time',
  },
  says('a session that ended', { authn: authnXml(undefined, ` SessionNotOnOrAfter="${at(-61)}"`) }, 'time'),
  says('a session that ends at no time', { authn: authnXml(undefined, ' SessionNotOnOrAfter="never"') }, 'time'),
  says('a sign-in in the future', { authn: authnXml().replace(/AuthnInstant="[^"]*"/, `AuthnInstant="${at(120)}"`) }, 'time'),
  says('a sign-in at no time', { authn: authnXml().replace(/ AuthnInstant="[^"]*"/, '') }, 'time'),
  says('nobody who signed in', { authn: '' }, 'structure'),
  says('a sign-in with two contexts', { authn: authnXml().replace(/<saml:AuthnContext>.*<\/saml:AuthnContext>/, '$&$&') }, 'xml'),
  says('a sign-in without a context', { authn: authnXml().replace(/<saml:AuthnContext>.*<\/saml:AuthnContext>/, '') }, 'xml'),

  says(
    'text where only elements belong',
    (scene) => ({ nameId: `root<saml:NameID>ada</saml:NameID>`, confirmations: bearer(confirmed(scene)) }),
    'xml',
  ),
  says('no subject', { subject: '' }, 'xml'),
  says(
    'two subjects',
    (scene) => ({ subject: `<saml:Subject><saml:NameID>ada</saml:NameID>${bearer(confirmed(scene))}</saml:Subject>`.repeat(2) }),
    'xml',
  ),
  says('two NameIDs', { nameId: '<saml:NameID>ada</saml:NameID><saml:NameID>root</saml:NameID>' }, ['xml', 'subject']),
  says(
    'another NameID behind a confirmation that holds',
    (scene) => ({ confirmations: `${bearer(confirmed(scene))}<saml:NameID>root</saml:NameID>` }),
    'xml',
  ),
  says(
    'a NameID alone behind a confirmation that holds',
    (scene) => ({ nameId: '', confirmations: `${bearer(confirmed(scene))}<saml:NameID>root</saml:NameID>` }),
    'xml',
  ),
  says('an empty NameID', { nameId: '<saml:NameID/>' }, 'subject'),
  says('a NameID of spaces', { nameId: '<saml:NameID>  </saml:NameID>' }, 'subject'),
  says('a NameID of 2,000 letters', { nameId: `<saml:NameID>${'x'.repeat(2000)}</saml:NameID>` }, 'subject'),
  says('a NameID with an element', { nameId: '<saml:NameID>ada<saml:b/>.evil</saml:NameID>' }, 'xml'),
  says('a NameID of another namespace', { nameId: '<x:NameID xmlns:x="urn:x">ada</x:NameID>' }, 'xml'),
  says('an encrypted NameID', { nameId: '<saml:EncryptedID/>' }, 'subject'),
  says('a BaseID', { nameId: '<saml:BaseID/>' }, 'xml'),

  ...['Requester', 'Responder', 'AuthnFailed', 'success', 'Success '].flatMap((value) => [
    around(`the status ${value}`, { status: status(value) }, 'status'),
    around(`the status ${value}, signed`, { status: status(value) }, 'status', 'both'),
  ]),
  around(
    'success within failure',
    { status: status('Responder', '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>') },
    'status',
  ),
  around('no status', { status: '' }, 'xml'),
  around('two statuses', { status: SUCCESS + SUCCESS }, 'xml'),
  around('a status without a code', { status: '<samlp:Status/>' }, 'xml'),
  around('a status without a value', { status: '<samlp:Status><samlp:StatusCode/></samlp:Status>' }, 'status'),
  around('a status behind the assertion', (scene) => ({ status: '', assertion: assertionXml(scene) + SUCCESS }), 'xml'),
  around(
    'a status of another namespace',
    { status: SUCCESS.replaceAll('samlp:', 'x:').replace('<x:Status', '<x:Status xmlns:x="urn:x"') },
    'xml',
  ),

  signedAfter(
    'an assertion of SAML 1.1',
    (xml) =>
      edited(
        xml,
        /(<saml:Assertion [^>]*)Version="2.0"/,
        '<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a" Version="1.1"',
      ),
    'structure',
  ),
  says('an assertion without a version', { head: `IssueInstant="${at(0)}"` }, 'structure'),
  around(
    'a response of version 1.1',
    ({ inResponseTo }) => ({ head: `Version="1.1" IssueInstant="${at(0)}" InResponseTo="${inResponseTo}"` }),
    'structure',
  ),
  around(
    'a response without a version',
    ({ inResponseTo }) => ({ head: `IssueInstant="${at(0)}" InResponseTo="${inResponseTo}"` }),
    'structure',
  ),
  around('an ID that is none', { id: '1 2' }, 'structure'),
  around('no ID', { id: '' }, 'structure'),
  signedAfter('a response of another namespace', (xml) => edited(xml, 'SAML:2.0:protocol', 'SAML:1.0:protocol'), 'structure'),
  signedAfter(
    'an assertion of another namespace',
    (xml) => xml.replace(/(<saml:Assertion )xmlns:saml="[^"]*"/, '$1xmlns:saml="urn:oasis:names:tc:SAML:1.0:assertion"'),
    'xml',
  ),
  signedAfter('a request', (xml) => xml.replaceAll('samlp:Response', 'samlp:AuthnRequest'), 'structure', 'assertion'),
  signedAfter(
    'a response to a sign-out',
    (xml) => xml.replaceAll('samlp:Response', 'samlp:LogoutResponse'),
    'structure',
    'assertion',
  ),
  signedAfter(
    'a response in an envelope',
    (xml) => `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${xml}</s:Body></s:Envelope>`,
    'structure',
  ),
  {
    name: 'an assertion alone',
    make: ({ scene }) => field(/<saml:Assertion.*<\/saml:Assertion>/.exec(responseXml(scene))?.[0] ?? ''),
    code: 'structure',
  },
  around('no assertion', { assertion: '' }, 'xml', 'response'),
  says('a statement that nobody knows', { advice: '<saml:Statement/>' }, 'structure'),
  says('a statement of another namespace', { advice: '<x:Statement xmlns:x="urn:x"/>' }, 'structure'),

  says(
    'an attribute twice',
    {
      attributes: `<saml:AttributeStatement>${attributeXml('mail', ['a@b.example'])}${attributeXml('mail', ['c@d.example'])}</saml:AttributeStatement>`,
    },
    'attributes',
  ),
  says(
    'an attribute twice, in two statements',
    { attributes: attributesXml({ mail: ['a@b.example'] }) + attributesXml({ mail: ['c@d.example'] }) },
    'attributes',
  ),
  says(
    'an attribute without a name',
    {
      attributes:
        '<saml:AttributeStatement><saml:Attribute><saml:AttributeValue>x</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>',
    },
    'attributes',
  ),
  says(
    'an attribute of another namespace',
    { attributes: '<saml:AttributeStatement><x:Attribute xmlns:x="urn:x" Name="mail"/></saml:AttributeStatement>' },
    'attributes',
  ),
  says('501 values', { attributes: attributesXml({ m: Array.from({ length: 501 }, (_, index) => `g${index}`) }) }, 'attributes'),
  says('a value of 9,000 letters', { attributes: attributesXml({ bio: ['x'.repeat(9000)] }) }, 'attributes'),
  says(
    'an encrypted attribute',
    { attributes: '<saml:AttributeStatement><saml:EncryptedAttribute/></saml:AttributeStatement>' },
    'attributes',
  ),
  says(
    'something else than values in an attribute',
    {
      attributes:
        '<saml:AttributeStatement><saml:Attribute Name="m"><saml:Value>x</saml:Value></saml:Attribute></saml:AttributeStatement>',
    },
    'xml',
  ),
]
