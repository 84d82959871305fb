/**
 * An institution's own extension of the User: declared in its settings (`scim.extension`), and nothing but data. What a
 * client sends is held against it as against any other schema (`scim/values.ts`); stored, it is called `own`.
 */

import type { DeclaredSchema, ResourceSchema } from './schema.ts'
import { COMMON_ATTRIBUTES, USER, withoutLastColon } from './schema.ts'
import { LEFT_OUT } from './search.ts'
import type { OwnAttribute, OwnExtension, Settings } from './settings.ts'

const STANDARD = /^urn:ietf:params:scim:(?!schemas:extension:)/i

/** Of the schemas that all have: a filter may name an attribute of an extension without its URN. */
const TAKEN: ReadonlySet<string> = new Set(
  [COMMON_ATTRIBUTES, USER.attributesOf(), ...USER.extensions.map((name) => USER.attributesOf(name))].flatMap((attributes) => [
    ...attributes.keys(),
  ]),
)
/** Parts by these names would be taken for what they are elsewhere: keys, and what is not searched. */
const TAKEN_BY_PARTS: ReadonlySet<string> = new Set(Array.from(LEFT_OUT, (name) => name.toLowerCase()))

const schemas = new WeakMap<OwnExtension, ResourceSchema>()

/** The schema of the institution's users: the one that all have, to the object, where it declares nothing of its own. */
export function userSchemaOf(settings: Settings): ResourceSchema {
  const extension = settings.scim?.extension
  const own = extension === undefined ? undefined : ownSchemaOf(settings)
  if (extension === undefined || own === undefined) return USER
  const schema = schemas.get(extension) ?? USER.with('own', own)
  schemas.set(extension, schema)
  return schema
}

/** What is declared, as `/Schemas` shows it (RFC 7643, section 7). */
export function ownSchemaOf({ scim }: Settings): DeclaredSchema | undefined {
  if (scim?.extension === undefined) return undefined
  const { urn, attributes } = scim.extension
  return {
    id: urn,
    name: 'OwnUser',
    description: 'What the institution itself keeps of a person',
    attributes: attributes.map((attribute) => {
      const { subAttributes } = attribute
      return { ...declared(attribute), ...(subAttributes && { subAttributes: subAttributes.map(declared) }) }
    }),
  }
}

function declared({ name, type = 'string', multiValued = false, caseExact = false, description = name }: OwnAttribute) {
  const characteristics = { required: false, mutability: 'readWrite', returned: 'default' }
  // What has parts is not compared itself (RFC 7643, sections 2.2 and 7).
  const compared = type === 'complex' ? {} : { caseExact, uniqueness: 'none' }
  return { name, type, multiValued, description, ...characteristics, ...compared }
}

export type Fault = { readonly path: readonly string[]; readonly says: string }

/** What a JSON schema cannot say of a declaration. */
export function faultsIn({ urn, attributes }: OwnExtension): Fault[] {
  return [...urnFaults(urn), ...nameFaults(['attributes'], attributes, TAKEN), ...attributes.flatMap(partFaults)]
}

/** Also without its last colon, as it is taken from clients, it must be nothing else's. */
function urnFaults(urn: string): Fault[] {
  const path = ['urn']
  if (STANDARD.test(urn))
    return [{ path, says: 'belongs to the standard; it should begin with urn:ietf:params:scim:schemas:extension:' }]
  const isTaken = [urn, withoutLastColon(urn)].some(
    (one) => USER.isCore(one) || USER.shortNameOf(one) !== undefined || USER.resolve(one) !== undefined,
  )
  return isTaken ? [{ path, says: 'names something that every User has already; it should be a URN of your own' }] : []
}

function partFaults({ type, subAttributes }: OwnAttribute, index: number): Fault[] {
  const path = ['attributes', String(index), 'subAttributes']
  if (type === 'complex' && subAttributes === undefined)
    return [{ path, says: 'is missing; a complex attribute should have some' }]
  if (type !== 'complex' && subAttributes !== undefined)
    return [{ path, says: 'does not fit: only an attribute of the type complex should have some' }]
  return nameFaults(path, subAttributes ?? [], TAKEN_BY_PARTS)
}

/** Names ignore case; those that every object of the language has are nobody's. */
function nameFaults(path: readonly string[], attributes: readonly OwnAttribute[], taken: ReadonlySet<string>): Fault[] {
  const seen = new Set<string>()
  return attributes.flatMap(({ name }, index) => {
    const lower = name.toLowerCase()
    const isTwice = seen.has(lower)
    seen.add(lower)
    const at = [...path, String(index), 'name']
    if (isTwice) return [{ path: at, says: `is "${name}" once more; each name should be there once, whatever its case` }]
    if (!taken.has(lower) && !Object.hasOwn(Object.prototype, name)) return []
    return [{ path: at, says: `is "${name}", which is taken; it should be another name, for example my${name}` }]
  })
}
