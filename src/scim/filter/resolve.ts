/**
 * Names in filters and paths -> attributes of the schema, or a problem that says which name was probably meant.
 */
import { didYouMean } from '../../directory/near-miss.ts'
import type { AttributePath, ResourceSchema } from '../../directory/schema.ts'
import { COMMON_ATTRIBUTES } from '../../directory/schema.ts'
import { ScimProblem } from '../errors.ts'
import type { FilterPath } from './node.ts'
import { textOf } from './node.ts'

/** In a filter an extension attribute may come without its URN where no core attribute has its name: some clients do so. */
export function resolveInFilter(schema: ResourceSchema, path: FilterPath): AttributePath | ScimProblem {
  const text = textOf(path)
  const found = schema.resolve(text) ?? (path.urn === undefined ? resolveInExtensions(schema, text) : undefined)
  return found ?? new ScimProblem('invalidFilter', unknownName(schema, path))
}

/** Says what is wrong with a name that no schema knows. */
export function unknownName(schema: ResourceSchema, path: FilterPath): string {
  const { urn, attr, sub } = path
  const extension = urn === undefined ? undefined : schema.shortNameOf(urn)
  if (urn !== undefined && extension === undefined && !schema.isCore(urn)) {
    return `${urn} is not a schema of a ${schema.name}${didYouMean(urn, schema.extensions.map(schema.urnOf, schema))}`
  }
  const parent = schema.resolve(textOf({ ...(urn === undefined ? {} : { urn }), attr }))
  if (parent !== undefined && sub !== undefined) {
    return `${parent.attribute.name} has no part ${sub}${didYouMean(sub, namesIn(parent.attribute.subAttributes))}`
  }
  const owner =
    urn === undefined ? schema.extensions.find((name) => schema.attributesOf(name).has(attr.toLowerCase())) : undefined
  if (owner !== undefined) return `${attr} belongs to an extension: write ${schema.urnOf(owner)}:${attr}`
  const known =
    extension === undefined
      ? [...namesIn(schema.attributesOf()), ...namesIn(COMMON_ATTRIBUTES)]
      : namesIn(schema.attributesOf(extension))
  const where = extension === undefined ? `a ${schema.name}` : `the ${extension} extension`
  return `${attr} is not an attribute of ${where}${didYouMean(attr, known)}`
}

function resolveInExtensions(schema: ResourceSchema, text: string): AttributePath | undefined {
  for (const name of schema.extensions) {
    const found = schema.resolve(`${schema.urnOf(name)}:${text}`)
    if (found !== undefined) return found
  }
  return undefined
}

function namesIn(attributes: ReadonlyMap<string, { readonly name: string }>): string[] {
  return [...attributes.values()].map(({ name }) => name)
}
