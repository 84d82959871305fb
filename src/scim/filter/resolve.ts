/**
 * Names in filters and paths -> attributes of the schema, or a problem that says which name was probably meant.
 */
import { didYouMean } from '../../directory/near-miss.ts'
import type { AttributePath, Extension } from '../../directory/schema.ts'
import { attributesOf, COMMON_ATTRIBUTES, EXTENSIONS, isCoreUser, resolvePath, shortNameOf } from '../../directory/schema.ts'
import { ScimProblem } from '../errors.ts'
import type { FilterPath } from './node.ts'
import { textOf } from './node.ts'

const EXTENSION_NAMES = Object.keys(EXTENSIONS) as readonly Extension[]

/** In a filter an extension attribute may come without its URN where no core attribute has its name: some clients do so. */
export function resolveInFilter(path: FilterPath): AttributePath | ScimProblem {
  const text = textOf(path)
  const found = resolvePath(text) ?? (path.urn === undefined ? resolveInExtensions(text) : undefined)
  return found ?? new ScimProblem('invalidFilter', unknownName(path))
}

/** Says what is wrong with a name that no schema knows. */
export function unknownName(path: FilterPath): string {
  const { urn, attr, sub } = path
  const extension = urn === undefined ? undefined : shortNameOf(urn)
  if (urn !== undefined && extension === undefined && !isCoreUser(urn)) {
    return `${urn} is not a schema of a User${didYouMean(urn, Object.values(EXTENSIONS))}`
  }
  const parent = resolvePath(textOf({ ...(urn === undefined ? {} : { urn }), attr }))
  if (parent !== undefined && sub !== undefined) {
    return `${parent.attribute.name} has no part ${sub}${didYouMean(sub, namesIn(parent.attribute.subAttributes))}`
  }
  const owner = urn === undefined ? EXTENSION_NAMES.find((name) => attributesOf(name).has(attr.toLowerCase())) : undefined
  if (owner !== undefined) return `${attr} belongs to an extension: write ${EXTENSIONS[owner]}:${attr}`
  const known =
    extension === undefined ? [...namesIn(attributesOf()), ...namesIn(COMMON_ATTRIBUTES)] : namesIn(attributesOf(extension))
  const where = extension === undefined ? 'a User' : `the ${extension} extension`
  return `${attr} is not an attribute of ${where}${didYouMean(attr, known)}`
}

function resolveInExtensions(text: string): AttributePath | undefined {
  for (const name of EXTENSION_NAMES) {
    const found = resolvePath(`${EXTENSIONS[name]}:${text}`)
    if (found !== undefined) return found
  }
  return undefined
}

function namesIn(attributes: ReadonlyMap<string, { readonly name: string }>): string[] {
  return [...attributes.values()].map(({ name }) => name)
}
