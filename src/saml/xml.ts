/**
 * XML as SAML uses it, read into a tree: strict, small, one reading and no other. What SAML has no use for and attacks
 * have (DOCTYPE, comments, processing instructions, CDATA) is refused, so that a text has one meaning only.
 */
import { SaxesParser } from 'saxes'
import { NS } from './names.ts'

export type XmlElement = {
  /** As written: `saml:Issuer`. */
  readonly name: string
  readonly prefix: string
  readonly local: string
  readonly uri: string
  /** Without declarations of namespaces. */
  readonly attributes: readonly XmlAttribute[]
  /** Prefix -> name of every namespace in scope; '' is the default one. */
  readonly scope: Scope
  /** Texts are decoded; no two are neighbours. */
  readonly children: readonly (XmlElement | string)[]
}

export type XmlAttribute = {
  readonly name: string
  readonly prefix: string
  readonly local: string
  readonly uri: string
  readonly value: string
}

export type Scope = ReadonlyMap<string, string>

export type XmlRules = {
  readonly elements: number
  readonly depth: number
  /** Of one element, declarations of namespaces included. */
  readonly attributes: number
  /** In scope at one place. */
  readonly namespaces: number
  /** Whether there may be comments, which then count for nothing. */
  readonly comments: boolean
}

/** What is wrong with the text, as an end of a sentence about it. */
export class XmlError extends Error {
  override name = 'XmlError'
}

const MESSAGE: XmlRules = { elements: 2500, depth: 64, attributes: 64, namespaces: 64, comments: false }
/** Of one tag, its name and its attributes. */
const MOST_TAG_CHARACTERS = 65_536
const DECLARATION =
  /^<\?xml\s+version\s*=\s*(["'])1\.0\1(\s+encoding\s*=\s*(["'])utf-8\3)?(\s+standalone\s*=\s*(["'])(yes|no)\5)?\s*\?>/i
/** Without spaces anywhere: the parser would trim them away, and others do not. */
const ABSOLUTE = /^[a-z][a-z0-9+.-]*:\S*$/i

/**
 * @param options.scope namespaces of the place that the text was taken from
 * @throws {XmlError}
 */
export function parseXml(text: string, options: { readonly rules?: XmlRules; readonly scope?: Scope } = {}): XmlElement {
  const { rules = MESSAGE, scope = new Map() } = options
  const body = text.slice(DECLARATION.exec(text)?.[0].length ?? 0)
  scan(body, rules)
  return treeOf(body, rules, scope)
}

/** Before any parser sees it: linear, and most floods end here. */
function scan(body: string, rules: XmlRules): void {
  if (!/^[ \t\r\n]*</.test(body)) throw new XmlError('does not begin with an element')
  let opened = 0
  for (let at = body.indexOf('<'); at >= 0; at = body.indexOf('<', at + 1)) {
    const next = body[at + 1]
    if (next === '!' && !(rules.comments && body.startsWith('<!--', at)))
      throw new XmlError('has a DOCTYPE, a comment or a CDATA section, which no SAML message needs')
    if (next === '?') throw new XmlError('has a processing instruction, or a declaration that is not of XML 1.0 in UTF-8')
    if (next !== '/' && next !== '!' && ++opened > rules.elements) throw new XmlError(`has more than ${rules.elements} elements`)
  }
}

type Open = { -readonly [K in keyof XmlElement]: XmlElement[K] } & { children: (XmlElement | string)[] }

function treeOf(body: string, rules: XmlRules, outer: Scope): XmlElement {
  const parser = new SaxesParser({ xmlns: true, position: false, additionalNamespaces: Object.fromEntries(outer) })
  const open: Open[] = []
  let root: XmlElement | undefined
  let attributes = 0
  let characters = 0
  const count = (...texts: readonly string[]) => {
    for (const { length } of texts) characters += length
    if (characters > MOST_TAG_CHARACTERS) throw new XmlError(`has a tag of more than ${MOST_TAG_CHARACTERS} characters`)
  }
  parser.on('error', (error) => {
    throw new XmlError(`is not well-formed: ${error.message}`)
  })
  parser.on('opentagstart', ({ name }) => {
    attributes = 0
    characters = 0
    count(name)
    if (open.length >= rules.depth) throw new XmlError(`is nested deeper than ${rules.depth} elements`)
  })
  parser.on('attribute', ({ name, value }) => {
    count(name, value)
    if (++attributes > rules.attributes) throw new XmlError(`has an element with more than ${rules.attributes} attributes`)
  })
  parser.on('opentag', ({ name, prefix, local, uri, attributes: found, ns }) => {
    const [declarations, others] = parted(Object.values(found))
    declarations.forEach(checkDeclaration)
    const element: Open = {
      name,
      prefix,
      local,
      uri,
      attributes: others,
      scope: scopeWith(open.at(-1)?.scope ?? outer, ns, rules),
      children: [],
    }
    open.at(-1)?.children.push(element)
    open.push(element)
  })
  parser.on('text', (text) => {
    // The parser itself lets nothing but spaces stand outside of the root.
    const children = open.at(-1)?.children ?? []
    const before = children.at(-1)
    if (typeof before === 'string') children[children.length - 1] = before + text
    else children.push(text)
  })
  parser.on('closetag', () => {
    root = open.pop()
  })
  parser.write(body).close()
  if (root === undefined) throw new XmlError('has no element')
  return root
}

function parted(attributes: readonly XmlAttribute[]): [declarations: XmlAttribute[], others: XmlAttribute[]] {
  const isDeclaration = ({ name, prefix }: XmlAttribute) => prefix === 'xmlns' || name === 'xmlns'
  return [attributes.filter(isDeclaration), attributes.filter((one) => !isDeclaration(one))]
}

function checkDeclaration({ value }: XmlAttribute): void {
  if (value !== '' && !ABSOLUTE.test(value)) throw new XmlError('has a namespace whose name is no absolute URI')
}

function scopeWith(outer: Scope, declared: Readonly<Record<string, string>>, rules: XmlRules): Scope {
  const entries = Object.entries(declared)
  if (entries.length === 0) return outer
  const scope = new Map([...outer, ...entries])
  if (scope.size > rules.namespaces) throw new XmlError(`has more than ${rules.namespaces} namespaces`)
  return scope
}

export function isNamed(element: XmlElement, uri: string, local: string): boolean {
  return element.local === local && element.uri === uri
}

/** The value of an attribute without a prefix, or of a namespace when one is given. */
export function attributeOf(element: XmlElement, local: string, uri = ''): string | undefined {
  return element.attributes.find((attribute) => attribute.local === local && attribute.uri === uri)?.value
}

/** The elements inside one that holds nothing but elements. @throws {XmlError} where other text stands between them */
export function elementsOf(element: XmlElement): XmlElement[] {
  const elements: XmlElement[] = []
  for (const child of element.children) {
    if (typeof child !== 'string') elements.push(child)
    else if (/[^ \t\r\n]/.test(child)) throw new XmlError(`has text in ${element.name}, where only elements belong`)
  }
  return elements
}

/** The text of an element that holds nothing else. @throws {XmlError} where it holds an element */
export function textOf(element: XmlElement): string {
  const [text = '', ...more] = element.children
  if (typeof text === 'string' && more.length === 0) return text
  throw new XmlError(`has elements in ${element.name}, where only text belongs`)
}

/** Every element, from the outside in, in document order. */
export function* everyElement(element: XmlElement): Generator<XmlElement> {
  yield element
  for (const child of element.children) if (typeof child !== 'string') yield* everyElement(child)
}

/** Those attributes that name their element: ID, Id, id, in any case, and xml:id. */
export function isIdAttribute({ local, uri }: XmlAttribute): boolean {
  return local.toLowerCase() === 'id' && (uri === '' || uri === NS.xml)
}

export type Sequence = {
  /** The next element, when it is called so. */
  take(uri: string, local: string): XmlElement | undefined
  /** @throws {XmlError} when the next element is called otherwise, or none is left */
  need(uri: string, local: string): XmlElement
  /** All that are left. */
  rest(): readonly XmlElement[]
  /** @throws {XmlError} when elements are left */
  end(): void
}

/** Goes through the elements of an element that a schema has in a fixed order. */
export function sequenceOf(element: XmlElement): Sequence {
  const elements = elementsOf(element)
  let at = 0
  const take = (uri: string, local: string) => {
    const next = elements[at]
    if (next === undefined || !isNamed(next, uri, local)) return
    at++
    return next
  }
  const found = () => elements[at]?.name.slice(0, 100) ?? 'its end'
  return {
    take,
    need(uri, local) {
      const next = take(uri, local)
      if (next === undefined) throw new XmlError(`has ${found()} in ${element.name}, where ${local} belongs`)
      return next
    },
    rest: () => elements.slice(at),
    end() {
      if (at < elements.length) throw new XmlError(`has ${found()} in ${element.name}, where it does not belong`)
    },
  }
}
