export type DomNode = {
  readonly localName: string | null
  readonly prefix: string | null
  readonly value: string
  readonly textContent: string
  readonly parentNode: DomNode | null
  readonly childNodes: ArrayLike<DomNode>
  readonly attributes?: ArrayLike<DomNode>
  getAttribute(name: string): string
  getElementsByTagName(name: string): ArrayLike<DomNode>
}

export function parseDom(text: string): DomNode
