/**
 * XML documents of all shapes, for properties: few names, so that they meet; all kinds of letters; every place for a
 * namespace.
 */
import fc from 'fast-check'

const URIS = ['urn:a', 'urn:b', 'http://c.example/'] as const
const PREFIXES = ['', 'p', 'q', 'r'] as const

type Node = {
  readonly prefix: string
  readonly local: string
  readonly declared: readonly (readonly [prefix: string, uri: string])[]
  readonly attributes: readonly (readonly [prefix: string, local: string, value: string])[]
  readonly children: readonly (Node | string)[]
}

const letters = fc.string({
  unit: fc.constantFrom(
    'a',
    'é',
    '😀',
    '&amp;',
    '&lt;',
    '&gt;',
    '>',
    '&#13;',
    '&#10;',
    '\n',
    '\t',
    ' ',
    "'",
    '&quot;',
    '&#x1F600;',
  ),
  maxLength: 6,
})

const { tree } = fc.letrec<{ tree: Node }>((tie) => ({
  tree: fc.record({
    prefix: fc.constantFrom(...PREFIXES),
    local: fc.constantFrom('x', 'y', 'Z'),
    declared: fc.uniqueArray(fc.tuple(fc.constantFrom(...PREFIXES), fc.constantFrom(...URIS)), {
      selector: ([prefix]) => prefix,
      maxLength: 3,
    }),
    attributes: fc.uniqueArray(fc.tuple(fc.constantFrom(...PREFIXES), fc.constantFrom('m', 'n'), letters), {
      selector: ([, local]) => local,
      maxLength: 2,
    }),
    children: fc.array(fc.oneof({ maxDepth: 4 }, letters, tie('tree')), { maxLength: 3 }),
  }),
}))

/** Text of a document in which every prefix in use is declared somewhere above. */
export const document: fc.Arbitrary<string> = tree.map((root) => {
  const declared = new Map(root.declared)
  const all = PREFIXES.filter(Boolean).map((prefix) => [prefix, declared.get(prefix) ?? 'urn:a'] as const)
  return written({ ...root, declared: [...root.declared.filter(([prefix]) => prefix === ''), ...all] })
})

function written({ prefix, local, declared, attributes, children }: Node): string {
  const name = prefix ? `${prefix}:${local}` : local
  const namespaces = declared.map(([to, uri]) => ` xmlns${to && `:${to}`}="${uri}"`).join('')
  const others = attributes.map(([at, called, value]) => ` ${at ? `${at}:` : ''}${called}="${value}"`).join('')
  const inner = children.map((child) => (typeof child === 'string' ? child : written(child))).join('')
  return inner === '' && local === 'x' ? `<${name}${namespaces}${others}/>` : `<${name}${namespaces}${others}>${inner}</${name}>`
}
