/**
 * Bytes, letters and XML that parsers read in more than one way, or for ever.
 */
import { deflateRawSync } from 'node:zlib'
import type { Hostile } from '../lab.ts'
import { EVIL, edited, field, honest } from '../lab.ts'
import { SUCCESS } from '../response.ts'

function bytes(name: string, make: (xml: string) => string, code: Hostile['code'] = 'encoding'): Hostile {
  return { name, make: (lab) => make(honest(lab)), code }
}

function text(name: string, change: (xml: string) => string | Buffer, code: Hostile['code'] = 'xml'): Hostile {
  return { name, make: (lab) => field(change(honest(lab))), code }
}

function dtd(name: string, declared: string, use = ''): Hostile {
  return text(name, (xml) => `<!DOCTYPE r ${declared}>${use ? edited(xml, '>ada<', `>${use}<`) : xml}`)
}

const declared = (declaration: string) => (xml: string) => declaration + xml
const inside = (more: string) => (xml: string) => edited(xml, SUCCESS, `<samlp:Extensions>${more}</samlp:Extensions>${SUCCESS}`)

export const ENCODINGS: readonly Hostile[] = [
  bytes('nothing', () => ''),
  bytes('spaces alone', () => '    '),
  bytes('XML that is not in base64', (xml) => xml),
  bytes('base64 for URLs', (xml) => Buffer.from(`${xml}\u{fffff}\u{fffff}`).toString('base64url')),
  bytes('base64 with other letters within', (xml) => `${field(xml).slice(0, 40)}%${field(xml).slice(40)}`),
  bytes('base64 with a NUL within', (xml) => `${field(xml).slice(0, 40)}\0${field(xml).slice(40)}`),
  bytes('base64 without its padding', (xml) => field(`${xml}${' '.repeat(3 - (xml.length % 3) + 1)}`).replace(/=+$/, '')),
  bytes('base64 with padding within', (xml) => `${field('<!---->').replace(/=*$/, '==')}${field(xml)}`),
  bytes('base64 with bits behind its end', () => 'PHg+PB=='),
  bytes('base64 of base64', (xml) => field(field(xml)), 'xml'),
  bytes('a compressed response, as in a query', (xml) => deflateRawSync(xml).toString('base64'), ['encoding', 'xml']),
  bytes('UTF-16 with its mark', (xml) => Buffer.from(`\ufeff${xml}`, 'utf16le').toString('base64')),
  bytes('UTF-16 without a mark', (xml) => Buffer.from(xml, 'utf16le').toString('base64'), 'xml'),
  bytes('UTF-7', (xml) => field(xml.replaceAll('<', '+ADw-')), 'xml'),
  bytes('letters longer than they need be', (xml) => withBytes(xml, [0xc0, 0xbc])),
  bytes('letters cut short', (xml) => withBytes(xml, [0xe2, 0x82])),
  bytes('half a pair of surrogates', (xml) => withBytes(xml, [0xed, 0xa0, 0x80])),
  bytes('Latin-1', (xml) => withBytes(xml, [0xe4])),
  bytes('more than 256 KiB', (xml) => field(xml + ' '.repeat(200_000))),
  text('a NUL', (xml) => edited(xml, '>ada<', '>ada\0<')),
  text('a NUL behind the end', (xml) => `${xml}\0`),
  text('a control character', (xml) => edited(xml, '>ada<', '>ada\x08<')),
  text('a letter that is none', (xml) => edited(xml, '>ada<', '>ada\uffff<')),
  text('two byte order marks', declared('\ufeff\ufeff')),
  text('a declaration of Latin-1', declared('<?xml version="1.0" encoding="ISO-8859-1"?>')),
  text('a declaration of UTF-16', declared('<?xml version="1.0" encoding="UTF-16"?>')),
  text('a declaration of UTF-7', declared('<?xml version="1.0" encoding="UTF-7"?>')),
  text('a declaration of XML 1.1', declared('<?xml version="1.1"?>')),
  text('a declaration behind a space', declared(' <?xml version="1.0"?>')),
  text('two declarations', declared('<?xml version="1.0"?><?xml version="1.0"?>')),
]

function withBytes(xml: string, letters: readonly number[]): string {
  const [before = '', behind = ''] = xml.split('>ada<')
  return Buffer.concat([Buffer.from(`${before}>ada`), Buffer.from(letters), Buffer.from(`<${behind}`)]).toString('base64')
}

const LOL = Array.from({ length: 9 }, (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`).join('')

export const XML: readonly Hostile[] = [
  dtd('a DOCTYPE', ''),
  dtd('a DOCTYPE from elsewhere', 'SYSTEM "https://evil.example/x.dtd"'),
  dtd('an entity', `[<!ENTITY e "${EVIL}">]`, '&e;'),
  dtd('an entity from a file', '[<!ENTITY e SYSTEM "file:///etc/passwd">]', '&e;'),
  dtd('an entity from elsewhere', '[<!ENTITY e SYSTEM "http://127.0.0.1:1/">]', '&e;'),
  dtd('an entity for parameters', '[<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]'),
  dtd('entities that multiply', `[<!ENTITY l0 "lol">${LOL}]`, '&l9;'),
  dtd('an attribute that is given by default', '[<!ATTLIST saml:Subject role CDATA "admin">]'),
  text('a DOCTYPE in small letters', declared('<!doctype r>')),
  text('an entity that nobody declared', (xml) => edited(xml, '>ada<', '>&nbsp;<')),
  text('a reference to a NUL', (xml) => edited(xml, '>ada<', '>&#0;<')),
  text('a reference to a surrogate', (xml) => edited(xml, '>ada<', '>&#xD800;<')),
  text('a reference far beyond Unicode', (xml) => edited(xml, '>ada<', '>&#x7FFFFFFF;<')),
  text('a comment in the NameID', (xml) => edited(xml, '>ada<', '>ada<!--x-->.evil<')),
  text('a comment in a value', (xml) => edited(xml, '>ada@uni.example<', '>ada@uni.example<!---->.evil.example<')),
  text('a comment in an issuer', (xml) => edited(xml, '</saml:Issuer>', '<!----></saml:Issuer>')),
  text('a comment in the audience', (xml) => edited(xml, '</saml:Audience>', '<!--x--></saml:Audience>')),
  text('a comment before the response', declared('<!-- x -->')),
  text('a comment behind the response', (xml) => `${xml}<!-- x -->`),
  text('a comment that does not end', (xml) => edited(xml, '>ada<', '>ada<!--<')),
  text('a processing instruction in the NameID', (xml) => edited(xml, '>ada<', '>ada<?x y?><')),
  text('a processing instruction in place of a value', (xml) => edited(xml, '>ada@uni.example<', '><?ada@uni.example?><')),
  text('a style sheet', declared('<?xml-stylesheet href="https://evil.example/x.xsl"?>')),
  text('CDATA in the NameID', (xml) => edited(xml, '>ada<', '><![CDATA[ada]]><')),
  text('CDATA around an element', (xml) => edited(xml, '>ada<', '>ada<![CDATA[</saml:NameID>]]><')),
  text('no XML', () => 'ada'),
  text('JSON', () => '{"nameId":"ada"}'),
  text('an end that is missing', (xml) => xml.slice(0, -1)),
  text('two roots', (xml) => xml + xml),
  text('text behind the root', (xml) => `${xml}x`),
  text('text before the root', declared('x')),
  text('elements that cross', (xml) => edited(xml, '</saml:NameID>', '</saml:Subject>')),
  text('an attribute of an element twice', (xml) => edited(xml, 'Version="2.0"', 'Version="2.0" Version="2.0"')),
  text('an attribute twice, by two prefixes of one namespace', (xml) =>
    edited(xml, '<saml:Subject>', '<saml:Subject xmlns:a="urn:x" xmlns:b="urn:x" a:r="1" b:r="2">'),
  ),
  text('an attribute without quotes', (xml) => edited(xml, 'Version="2.0"', 'Version=2.0')),
  text('an attribute without a value', (xml) => edited(xml, '<saml:Subject>', '<saml:Subject role>')),
  text('a < in an attribute', (xml) => edited(xml, '<saml:Subject>', '<saml:Subject role="<">')),
  text('a prefix that is bound to nothing', (xml) => edited(xml, '<saml:Subject>', '<saml:Subject x:role="1">')),
  text('a prefix that is unbound again', (xml) => edited(xml, '<saml:Subject>', '<saml:Subject xmlns:saml="">')),
  text('a namespace with a relative name, as in CVE-2025-66568', (xml) =>
    edited(xml, '<saml:Subject>', '<saml:Subject xmlns:x="1">'),
  ),
  text('a namespace with a space before its name', (xml) =>
    edited(xml, '<saml:Assertion xmlns:saml="', '<saml:Assertion xmlns:saml=" '),
  ),
  text('a namespace with a line end behind its name', (xml) =>
    edited(xml, ':SAML:2.0:assertion" ID=', ':SAML:2.0:assertion&#10;" ID='),
  ),
  text('the prefix xml bound to something else', (xml) => edited(xml, '<saml:Subject>', '<saml:Subject xmlns:xml="urn:x">')),
  text('the prefix xmlns in use', (xml) => edited(xml, '<saml:Subject>', '<saml:Subject xmlns:xmlns="urn:x">')),
  text('a colon too many', (xml) => edited(xml, '<saml:Subject>', '<saml:Subject a:b:c="1">')),
  text('an element where only text belongs', (xml) => edited(xml, '</saml:Issuer>', '<x/></saml:Issuer>')),
]

export const FLOODS: readonly Hostile[] = [
  text('190,000 times <', () => '<'.repeat(190_000)),
  text('40,000 comments', (xml) => xml + '<!--'.repeat(40_000)),
  text('60,000 elements, one in the other', () => '<a>'.repeat(60_000)),
  text('40,000 elements side by side', inside('<a/>'.repeat(40_000))),
  text(
    '2,400 elements with a namespace each, in what was signed',
    (xml) =>
      edited(
        xml,
        '</saml:AttributeStatement>',
        `${Array.from({ length: 2400 }, (_, index) => `<a xmlns="urn:n${index}"/>`).join('')}</saml:AttributeStatement>`,
      ),
    'signature',
  ),
  text('65 elements, one in the other', inside('<a>'.repeat(65) + '</a>'.repeat(65))),
  text('12,000 attributes', inside(`<a ${Array.from({ length: 12_000 }, (_, index) => `a${index}=""`).join(' ')}/>`)),
  text('one attribute of 150 kB', (xml) => edited(xml, '<saml:Subject>', `<saml:Subject b="${'x'.repeat(150_000)}">`)),
  text('an attribute of 150,000 letters outside of what was signed', (xml) =>
    edited(xml, ' Destination=', ` Consent="${'x'.repeat(150_000)}" Destination=`),
  ),
  text('70 namespaces', inside(`<a ${Array.from({ length: 70 }, (_, index) => `xmlns:n${index}="urn:n"`).join(' ')}/>`)),
  text(
    'namespaces at every depth',
    inside(
      Array.from(
        { length: 40 },
        (_, depth) => `<a ${Array.from({ length: 40 }, (_, index) => `xmlns:n${depth}-${index}="urn:n"`).join(' ')}>`,
      ).join('') + '</a>'.repeat(40),
    ),
  ),
  text('a text of 150 kB', (xml) => edited(xml, '>ada<', `>${'x'.repeat(150_000)}<`), 'signature'),
  text('30,000 references to characters', (xml) => edited(xml, '>ada<', `>${'&amp;'.repeat(30_000)}<`), 'signature'),
  text('a name of 150 kB', (xml) => edited(xml, '<saml:Subject>', `<saml:Subject ${'a'.repeat(150_000)}="">`)),
  text('a tag that does not end', (xml) => `${xml.slice(0, 300)}${'x'.repeat(150_000)}`),
  text('20,000 values of one attribute', (xml) =>
    edited(
      xml,
      '</saml:AttributeStatement>',
      `<saml:Attribute Name="m">${'<x/>'.repeat(20_000)}</saml:Attribute></saml:AttributeStatement>`,
    ),
  ),
]
