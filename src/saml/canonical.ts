/**
 * Exclusive XML Canonicalization 1.0, without comments (the tree has none): the one text of an element over which its
 * signature is made.
 */
import type { XmlAttribute, XmlElement } from './xml.ts'

export type CanonicalOptions = {
  /** A child that is left out: the signature within what it signs. */
  readonly omit?: XmlElement | undefined
  /** Prefixes that count as used wherever they are in scope (InclusiveNamespaces); `#default` is the default namespace. */
  readonly inclusive?: readonly string[]
}

export function canonical(element: XmlElement, { omit, inclusive = [] }: CanonicalOptions = {}): string {
  const always = inclusive.map((prefix) => (prefix === '#default' ? '' : prefix))

  const write = (at: XmlElement, outer: ReadonlyMap<string, string>): string => {
    const declared = newNamespaces(at, always, outer)
    const rendered = declared.length === 0 ? outer : new Map([...outer, ...declared])
    let text = `<${at.name}`
    for (const [prefix, uri] of declared) text += ` xmlns${prefix && `:${prefix}`}="${escapedValue(uri)}"`
    for (const { name, value } of at.attributes.toSorted(byNamespace)) text += ` ${name}="${escapedValue(value)}"`
    text += '>'
    for (const child of at.children) {
      if (typeof child === 'string') text += escapedText(child)
      else if (child !== omit) text += write(child, rendered)
    }
    return `${text}</${at.name}>`
  }
  return write(element, new Map())
}

/** Those that the element uses and that do not hold already around it, sorted by prefix. */
function newNamespaces(
  { prefix, attributes, scope }: XmlElement,
  always: readonly string[],
  rendered: ReadonlyMap<string, string>,
): [prefix: string, uri: string][] {
  const used = new Set([prefix, ...attributes.map((attribute) => attribute.prefix).filter(Boolean), ...always])
  used.delete('xml')
  const found: [string, string][] = []
  for (const one of used) {
    const uri = scope.get(one) ?? ''
    if (uri !== (rendered.get(one) ?? '')) found.push([one, uri])
  }
  return found.sort(([a], [b]) => compare(a, b))
}

function byNamespace(a: XmlAttribute, b: XmlAttribute): number {
  return compare(a.uri, b.uri) || compare(a.local, b.local)
}

/** By code units, as the standard has it up to U+FFFF; names beyond are not in use. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

export function escapedText(text: string): string {
  return text.replace(/[&<>\r]/g, (found) => ESCAPED[found] ?? '')
}

export function escapedValue(value: string): string {
  return value.replace(/[&<"\t\n\r]/g, (found) => ESCAPED[found] ?? '')
}

const ESCAPED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}
