/**
 * The schemas as data: which attributes a resource has, and what a name from outside means.
 * Names ignore case (RFC 7643, section 2.1) and are looked up in Maps alone, so that none can reach into an object
 * of the language.
 */
import campusUser from '../../schemas/campus-user.json' with { type: 'json' }
import common from '../../schemas/common.json' with { type: 'json' }
import enterpriseUser from '../../schemas/enterprise-user.json' with { type: 'json' }
import coreGroup from '../../schemas/group.json' with { type: 'json' }
import coreUser from '../../schemas/user.json' with { type: 'json' }

const TYPES = ['string', 'boolean', 'decimal', 'integer', 'dateTime', 'reference', 'binary', 'complex'] as const
const MUTABILITIES = ['readOnly', 'readWrite', 'immutable', 'writeOnly'] as const
const RETURNED = ['always', 'never', 'default', 'request'] as const

export type Attribute = {
  readonly name: string
  readonly type: (typeof TYPES)[number]
  readonly multiValued: boolean
  readonly required: boolean
  /** False for a complex attribute: it is its parts that are compared. */
  readonly caseExact: boolean
  readonly mutability: (typeof MUTABILITIES)[number]
  readonly returned: (typeof RETURNED)[number]
  readonly subAttributes: Attributes
}

/** By lower-case name, in the order of the schema. */
export type Attributes = ReadonlyMap<string, Attribute>

export type AttributePath = {
  readonly extension?: Extension
  readonly attribute: Attribute
  readonly sub?: Attribute
}

/** Short names, under which extensions are stored, and the URNs of those that every institution has. */
export const EXTENSIONS = { enterprise: enterpriseUser.id, campus: campusUser.id } as const

/** `own` is what an institution declares itself (`own-extension.ts`). */
export type Extension = keyof typeof EXTENSIONS | 'own'

const SHORT_NAMES: ReadonlySet<string> = new Set([...Object.keys(EXTENSIONS), 'own'])

/** Whether a stored resource has an extension under this name. */
export function isExtension(name: string): name is Extension {
  return SHORT_NAMES.has(name)
}

/** `schemas`, `id`, `externalId` and `meta`: what every resource has beside its schema. */
export const COMMON_ATTRIBUTES = attributesFrom(common.attributes)

type Part = { readonly urn: string; readonly attributes: Attributes }

/** What one type of resource is made of: its core, and its extensions by their short names. */
export class ResourceSchema {
  /** Of the resource type: `User`. */
  readonly name: string
  readonly urn: string
  readonly #core: Attributes
  readonly #extensions: ReadonlyMap<Extension, Part>
  /** By URN in lower case, also by one without its last colon (`…:2.0User`): a vendor's documentation has it so. */
  readonly #containers: ReadonlyMap<string, 'core' | Extension>

  constructor(name: string, core: Part, extensions: ReadonlyMap<Extension, Part> = new Map()) {
    this.name = name
    this.urn = core.urn
    this.#core = core.attributes
    this.#extensions = extensions
    const named: (readonly ['core' | Extension, string])[] = [
      ['core', this.urn],
      ...Array.from(this.#extensions, ([name, { urn }]) => [name, urn] as const),
    ]
    this.#containers = new Map(
      named.flatMap(([name, urn]) => {
        const lower = urn.toLowerCase()
        return [[lower, name] as const, [withoutLastColon(lower), name] as const]
      }),
    )
  }

  /** The same with one more extension; attributes that both have are the same objects. */
  with(extension: Extension, declared: DeclaredSchema): ResourceSchema {
    const core = { urn: this.urn, attributes: this.#core }
    return new ResourceSchema(this.name, core, new Map([...this.#extensions, [extension, partFrom(declared)]]))
  }

  get extensions(): readonly Extension[] {
    return [...this.#extensions.keys()]
  }

  urnOf(extension: Extension): string {
    return this.#part(extension).urn
  }

  /** The attributes of the core schema (without the common ones) or of an extension. */
  attributesOf(extension?: Extension): Attributes {
    return extension === undefined ? this.#core : this.#part(extension).attributes
  }

  /**
   * What a name from outside means: `userName`, `name.givenName`, `urn:…:2.0:User:department`, in any case.
   * @returns undefined for a name that no schema knows, for a bare URN and for anything deeper than one sub-attribute
   */
  resolve(text: string): AttributePath | undefined {
    const { container, name } = this.#split(text)
    if (container === undefined) return undefined
    const [head = '', tail, ...deeper] = name.toLowerCase().split('.')
    const attribute =
      container === 'core' ? (this.#core.get(head) ?? COMMON_ATTRIBUTES.get(head)) : this.#part(container).attributes.get(head)
    if (attribute === undefined || deeper.length > 0) return undefined
    const sub = tail === undefined ? undefined : attribute.subAttributes.get(tail)
    if (tail !== undefined && sub === undefined) return undefined
    return { ...(container === 'core' ? {} : { extension: container }), attribute, ...(sub === undefined ? {} : { sub }) }
  }

  /** The short name of an extension by its URN, in any case. */
  shortNameOf(urn: string): Extension | undefined {
    const container = this.#containers.get(urn.toLowerCase())
    return container === 'core' ? undefined : container
  }

  /** Whether this is the URN of the core schema, in any case. */
  isCore(urn: string): boolean {
    return this.#containers.get(urn.toLowerCase()) === 'core'
  }

  #part(extension: Extension): Part {
    const part = this.#extensions.get(extension)
    if (part === undefined) throw new Error(`a ${this.name} has no extension ${extension}`)
    return part
  }

  /** Splits at the last colon, since URNs contain dots and attribute names no colon. */
  #split(text: string): { container: 'core' | Extension | undefined; name: string } {
    const colon = text.lastIndexOf(':')
    if (colon < 0) return { container: 'core', name: text }
    return { container: this.#containers.get(text.slice(0, colon).toLowerCase()), name: text.slice(colon + 1) }
  }
}

/** `…:2.0User` for `…:2.0:User`. */
export function withoutLastColon(urn: string): string {
  return urn.replace(/:(?=[^:]*$)/, '')
}

/** The name as the stored resource has it: `name.givenName`, `campus.netid2`. */
export function dottedName({ extension, attribute, sub }: AttributePath): string {
  const name = sub === undefined ? attribute.name : `${attribute.name}.${sub.name}`
  return extension === undefined ? name : `${extension}.${name}`
}

/** A schema as it is written down (RFC 7643, section 7). */
export type DeclaredSchema = {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly attributes: readonly Declared[]
}

type Declared = {
  readonly name: string
  readonly type: string
  readonly multiValued: boolean
  readonly required: boolean
  readonly caseExact?: boolean | undefined
  readonly mutability: string
  readonly returned: string
  readonly subAttributes?: readonly Declared[] | undefined
}

function partFrom({ id, attributes }: DeclaredSchema): Part {
  return { urn: id, attributes: attributesFrom(attributes) }
}

function attributesFrom(declared: readonly Declared[]): Attributes {
  return new Map(declared.map((one) => [one.name.toLowerCase(), attributeFrom(one)]))
}

function attributeFrom(declared: Declared): Attribute {
  return {
    name: declared.name,
    type: oneOf(TYPES, declared.type),
    multiValued: declared.multiValued,
    required: declared.required,
    caseExact: declared.caseExact ?? false,
    mutability: oneOf(MUTABILITIES, declared.mutability),
    returned: oneOf(RETURNED, declared.returned),
    subAttributes: attributesFrom(declared.subAttributes ?? []),
  }
}

function oneOf<T extends string>(allowed: readonly T[], value: string): T {
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw new Error(`a schema says "${value}" where one of ${allowed.join(', ')} belongs`)
  return found
}

export const GROUP = new ResourceSchema(coreGroup.name, partFrom(coreGroup))

export const USER = new ResourceSchema(coreUser.name, partFrom(coreUser))
  .with('enterprise', enterpriseUser)
  .with('campus', campusUser)
