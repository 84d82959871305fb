/**
 * `sortBy` (RFC 7644, section 3.4.2.3) -> the stored path to sort by. Of a list it is the primary element, else the first.
 */
import type { AttributePath } from '../directory/schema.ts'
import { dottedName } from '../directory/schema.ts'
import { isSearchable, searchName } from '../directory/search.ts'
import { ScimProblem } from './errors.ts'
import { storedPath } from './filter/compile.ts'
import { readName } from './filter/node.ts'
import { resolveInFilter } from './filter/resolve.ts'
import type { ResourceType } from './resource-type.ts'

/** Of meta, what is the same for all or unlike for all: an order by it is as good as one by id. */
const BY_ID: ReadonlySet<string> = new Set(['meta.resourceType', 'meta.location', 'meta.version'])

export function compileSort(type: ResourceType, sortBy: string): string | ScimProblem {
  const name = readName(sortBy)
  if (name === undefined)
    return new ScimProblem('invalidValue', `sortBy ${JSON.stringify(sortBy)} is not the name of an attribute`)
  const path = resolveInFilter(type.schema, name)
  if (path instanceof ScimProblem) return new ScimProblem('invalidValue', `sortBy: ${path.detail}`)
  const stored = sortPath(type, path)
  return stored ?? new ScimProblem('invalidValue', `sortBy: ${type.collection} cannot be sorted by ${dottedName(path)}`)
}

function sortPath(type: ResourceType, path: AttributePath): string | undefined {
  const { attribute, sub, extension } = path
  const leaf = sub ?? attribute.subAttributes.get('value') ?? attribute
  if (BY_ID.has(dottedName(path))) return '_id'
  if (leaf.type === 'complex' || attribute.returned === 'never' || !isSearchable(leaf) || UNORDERED.has(attribute.name))
    return undefined
  if (!attribute.multiValued) return storedPath(type, leaf === attribute ? path : { ...path, sub: leaf })
  if (attribute.name === 'emails') return leaf.name === 'value' ? 'keys.email' : undefined
  return extension === undefined ? `search.lead.${attribute.name}.${searchName(leaf)}` : undefined
}

/** A record has as many as there are sources, groups or members, or the same as all others. */
const UNORDERED: ReadonlySet<string> = new Set(['externalId', 'groups', 'members', 'schemas'])
