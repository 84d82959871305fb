/**
 * The schemas as data: which attributes a user has, and what a name from outside means.
 * Names ignore case (RFC 7643, section 2.1) and are looked up in Maps alone, so that none can reach into an object
 * of the language.
 */
import campusUser from '../../schemas/campus-user.json' with { type: 'json' }
import common from '../../schemas/common.json' with { type: 'json' }
import enterpriseUser from '../../schemas/enterprise-user.json' with { type: 'json' }
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

export const CORE_USER = coreUser.id

/** Short names, under which extensions are stored, and their URNs. */
export const EXTENSIONS = { enterprise: enterpriseUser.id, campus: campusUser.id } as const

export type Extension = keyof typeof EXTENSIONS

const CORE_ATTRIBUTES = attributesFrom(coreUser.attributes)

/** `schemas`, `id`, `externalId` and `meta`: what every resource has beside its schema. */
export const COMMON_ATTRIBUTES = attributesFrom(common.attributes)

const EXTENSION_ATTRIBUTES = {
  enterprise: attributesFrom(enterpriseUser.attributes),
  campus: attributesFrom(campusUser.attributes),
} as const satisfies Record<Extension, Attributes>

/** The attributes of the core schema (without the common ones) or of an extension. */
export function attributesOf(extension?: Extension): Attributes {
  return extension === undefined ? CORE_ATTRIBUTES : EXTENSION_ATTRIBUTES[extension]
}

/**
 * What a name from outside means: `userName`, `name.givenName`, `urn:…:2.0:User:department`, in any case.
 * @returns undefined for a name that no schema knows, for a bare URN and for anything deeper than one sub-attribute
 */
export function resolvePath(text: string): AttributePath | undefined {
  const { container, name } = splitUrn(text)
  if (container === undefined) return undefined
  const [head = '', tail, ...deeper] = name.toLowerCase().split('.')
  const attribute =
    container === 'core' ? (CORE_ATTRIBUTES.get(head) ?? COMMON_ATTRIBUTES.get(head)) : EXTENSION_ATTRIBUTES[container].get(head)
  if (attribute === undefined || deeper.length > 0) return undefined
  const sub = tail === undefined ? undefined : attribute.subAttributes.get(tail)
  if (tail !== undefined && sub === undefined) return undefined
  return { ...(container === 'core' ? {} : { extension: container }), attribute, ...(sub === undefined ? {} : { sub }) }
}

/** The short name of an extension by its URN, in any case; also as `…:2.0User`, which a vendor's documentation has. */
export function shortNameOf(urn: string): Extension | undefined {
  const container = CONTAINERS.get(urn.toLowerCase())
  return container === 'core' ? undefined : container
}

/** Whether this is the URN of the core User schema, in any case. */
export function isCoreUser(urn: string): boolean {
  return CONTAINERS.get(urn.toLowerCase()) === 'core'
}

/** The name as the stored resource has it: `name.givenName`, `campus.netid2`. */
export function dottedName({ extension, attribute, sub }: AttributePath): string {
  const name = sub === undefined ? attribute.name : `${attribute.name}.${sub.name}`
  return extension === undefined ? name : `${extension}.${name}`
}

const CONTAINERS: ReadonlyMap<string, 'core' | Extension> = new Map(
  Object.entries({ core: CORE_USER, ...EXTENSIONS }).flatMap(([name, urn]) => {
    const lower = urn.toLowerCase()
    const container = name as 'core' | Extension
    return [[lower, container] as const, [lower.replace(/:user$/, 'user'), container] as const]
  }),
)

/** Splits at the last colon, since URNs contain dots and attribute names no colon. */
function splitUrn(text: string): { container: 'core' | Extension | undefined; name: string } {
  const colon = text.lastIndexOf(':')
  if (colon < 0) return { container: 'core', name: text }
  return { container: CONTAINERS.get(text.slice(0, colon).toLowerCase()), name: text.slice(colon + 1) }
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
