/**
 * The flat fields of `schemas/fields.json`: what REST, flat files and sign-ins call the attributes of a person.
 */
import declared from '../../schemas/fields.json' with { type: 'json' }

/** `lookup`: text that an institution or a standard may list. `status`: active or inactive. */
const TYPES = ['string', 'integer', 'status', 'tags', 'email', 'lookup'] as const

export type Field = {
  readonly name: string
  /** For people. */
  readonly label: string
  /** As in a SCIM PATCH; `emails` stands for the address that identifies the person. */
  readonly path: string
  readonly type: (typeof TYPES)[number]
  /** Of text, or of one tag, in UTF-16 units. */
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  /** What older interfaces call it. */
  readonly aliases: readonly string[]
}

export const FIELDS: readonly Field[] = declared.map(({ type, ...field }) => ({ ...field, type: typeFrom(type) }))

const BY_NAME: ReadonlyMap<string, Field> = new Map(
  FIELDS.flatMap((field) => [field.name, ...field.aliases].map((name) => [name, field] as const)),
)

/** The field of this name or alias, in any case. */
export function fieldNamed(name: string): Field | undefined {
  return BY_NAME.get(name.toLowerCase())
}

function typeFrom(word: string): Field['type'] {
  const type = TYPES.find((one) => one === word)
  if (type === undefined) throw new Error(`fields.json says "${word}" where one of ${TYPES.join(', ')} belongs`)
  return type
}
