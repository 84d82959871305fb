/**
 * SCIM filter -> the neutral predicate that every store compiles on. Names are resolved, literals typed and folded by
 * the schema; what cannot be asked is refused with the reason.
 */
import type { Attribute, AttributePath } from '../../directory/schema.ts'
import { dottedName } from '../../directory/schema.ts'
import { externalIdTerm, searchName, slotTerm } from '../../directory/search.ts'
import type { Source } from '../../directory/user.ts'
import { COLLECTIONS } from '../../store/collections.ts'
import type { Predicate } from '../../store/predicate.ts'
import { EVERYTHING, NOTHING } from '../../store/predicate.ts'
import { ScimProblem } from '../errors.ts'
import type { ResourceType } from '../resource-type.ts'
import { holds } from './holds.ts'
import { compare, hasParts } from './literal.ts'
import type { Operand } from './logic.ts'
import { compileLogic } from './logic.ts'
import type { Comparison, FilterNode, FilterPath } from './node.ts'
import type { Related } from './related.ts'
import { resolveInFilter } from './resolve.ts'
import { compileWithin } from './within.ts'

export type FilterContext = {
  readonly type: ResourceType
  /** All that are searched at once: what only another of them has is absent here. */
  readonly types: readonly ResourceType[]
  /** Who asks: `externalId` is what this source calls a person. */
  readonly source: Source
  /** What the filter names of other records. */
  readonly related: Related
}

type TermNode = Exclude<Operand, { readonly op: 'any' }>

/** Where a single value lies in the stored record. */
export function storedPath({ stored }: ResourceType, path: AttributePath): string {
  const { extension, attribute, sub } = path
  const names = [extension, attribute.name, sub === undefined ? undefined : searchName(sub)].filter((name) => name !== undefined)
  return stored.get(dottedName(path)) ?? `search.${names.join('.')}`
}

/** @returns the predicate, or `invalidFilter` or `sensitive` */
export function compileFilter(node: FilterNode, context: FilterContext): Predicate | ScimProblem {
  return compileLogic(node, (operand) => {
    const related = context.related.get(operand)
    if (related !== undefined) return related
    return operand.op === 'any' ? compileAny(operand, context) : compileTerm(operand, context)
  })
}

function compileAny(node: Extract<Operand, { readonly op: 'any' }>, context: FilterContext): Predicate | ScimProblem {
  const { type } = context
  const path = resolveInFilter(type.schema, node.path)
  if (path instanceof ScimProblem) return isElsewhere(node.path, context) ? NOTHING : path
  const { attribute } = path
  if (attribute.name === 'schemas')
    return new ScimProblem('invalidFilter', 'schemas holds no objects: compare it without brackets, schemas eq "…"')
  if (!attribute.multiValued) {
    return new ScimProblem('invalidFilter', `${attribute.name} has one value: brackets go with lists of values such as emails`)
  }
  const where = compileWithin(node.of, attribute, { isStored: true })
  if (where instanceof ScimProblem) return where
  return anyElement(type, listPath(type, path), where)
}

/**
 * Of several conditions on one element, that by which stores keep an index is also asked by itself: it follows from the
 * whole, and leads to the few records that can satisfy it (`emails[type eq "work" and value eq "x"]`).
 */
function anyElement({ collection }: ResourceType, path: string, where: Predicate): Predicate {
  const indexed: readonly string[] = COLLECTIONS[collection].lists
  const whole: Predicate = { op: 'any', path, where }
  const leading =
    where.op === 'and' ? where.of.find((part) => part.op === 'eq' && indexed.includes(`${path}.${part.path}`)) : undefined
  return leading === undefined ? whole : { op: 'and', of: [{ op: 'any', path, where: leading }, whole] }
}

function compileTerm(node: TermNode, context: FilterContext): Predicate | ScimProblem {
  const { type } = context
  const path = resolveInFilter(type.schema, node.path)
  if (path instanceof ScimProblem) return isElsewhere(node.path, context) ? compareAbsent(node) : path
  const { attribute } = path
  if (attribute.returned === 'never') return new ScimProblem('sensitive', `${attribute.name} is never searched`)
  if (attribute.name === 'schemas') return compareConstants(node, attribute, lowered(type.schemas))
  if (attribute.name === 'meta') return compareMeta(node, path, type)
  if (attribute.name === 'externalId') return compareExternalId(node, attribute, context)
  return attribute.multiValued ? compareInList(node, path, type) : compareSingle(node, path, type)
}

function isElsewhere(path: FilterPath, { type, types }: FilterContext): boolean {
  return types.some((other) => other !== type && !(resolveInFilter(other.schema, path) instanceof ScimProblem))
}

/** `ne` is `not eq`, and what is absent equals null alone. */
function compareAbsent(node: TermNode): Predicate {
  if (node.op === 'pr') return NOTHING
  return (node.op === 'ne') === (node.value !== null) && (node.op === 'eq' || node.op === 'ne') ? EVERYTHING : NOTHING
}

function compareSingle(node: TermNode, path: AttributePath, type: ResourceType): Predicate | ScimProblem {
  if (node.op === 'pr') return { op: 'pr', path: storedPath(type, path) }
  const { attribute, sub } = path
  const value = sub === undefined ? attribute.subAttributes.get('value') : undefined
  const leaf = value ?? sub ?? attribute
  const term = compare(node, leaf, storedPath(type, value === undefined ? path : { ...path, sub: value }), dottedName(path))
  return path.extension === 'own' && !(term instanceof ScimProblem) ? throughSlots(term) : term
}

/** What an institution declares itself has one index for all of it. */
function throughSlots(term: Predicate): Predicate {
  if (term.op !== 'eq' && term.op !== 'sw') return term
  const value = slotTerm(term.path.slice('search.own.'.length), term.value)
  return { op: 'any', path: 'search.slots', where: { op: term.op, path: '', value } }
}

/** At least one element; `ne` says that none is equal. A list of objects without more stands for their values. */
function compareInList(node: TermNode, path: AttributePath, type: ResourceType): Predicate | ScimProblem {
  const list = listPath(type, path)
  if (node.op === 'pr' && path.sub === undefined) return { op: 'pr', path: list }
  if (node.op === 'ne' || (node.op === 'eq' && node.value === null)) {
    const equal = compareInList(node.op === 'ne' ? { ...node, op: 'eq' } : { op: 'pr', path: node.path }, path, type)
    return equal instanceof ScimProblem ? equal : { op: 'not', of: equal }
  }
  const { attribute, sub } = path
  if (sub === undefined && attribute.type === 'complex' && !attribute.subAttributes.has('value'))
    return hasParts(attribute, dottedName(path))
  const where = compileWithin({ ...node, path: { attr: sub?.name ?? 'value' } }, attribute, { isStored: true })
  if (where instanceof ScimProblem) return where
  return { op: 'any', path: list, where }
}

function listPath(type: ResourceType, { extension, attribute }: AttributePath): string {
  return storedPath(type, extension === undefined ? { attribute } : { extension, attribute })
}

/** The terms of a source all begin with its name, and end with what it calls the person. */
function compareExternalId(node: TermNode, attribute: Attribute, { source }: FilterContext): Predicate | ScimProblem {
  const path = 'search.externalIds'
  const own = externalIdTerm(source, '')
  const isOwn: Predicate = { op: 'sw', path: '', value: own }
  if (node.op === 'pr') return { op: 'any', path, where: isOwn }
  if (node.value === null) return externalIdIsAbsent(node.op, { op: 'any', path, where: isOwn })
  const plain = compare({ ...node, op: node.op === 'ne' ? 'eq' : node.op }, attribute, '', 'externalId')
  if (plain instanceof ScimProblem || !('value' in plain) || typeof plain.value !== 'string') return plain
  const isPart = plain.op === 'co' || plain.op === 'ew'
  if (isPart && isAmbiguous(plain.op, plain.value, own)) {
    return new ScimProblem('invalidFilter', `externalId ${plain.op} cannot look for this text: use more of it, or sw`)
  }
  const where: Predicate = isPart ? plain : { ...plain, value: externalIdTerm(source, plain.value) }
  const isAnchored = where.op === 'eq' || where.op === 'sw'
  const any: Predicate = { op: 'any', path, where: isAnchored ? where : { op: 'and', of: [isOwn, where] } }
  return node.op === 'ne' ? { op: 'not', of: any } : any
}

/** Whether the source's own name, or the mark behind it, could satisfy the term. */
function isAmbiguous(op: 'co' | 'ew', value: string, own: string): boolean {
  return value.includes(own.slice(-1)) || (op === 'co' && value !== '' && own.includes(value))
}

function externalIdIsAbsent(op: Comparison, isPresent: Predicate): Predicate | ScimProblem {
  if (op === 'ne') return isPresent
  if (op === 'eq') return { op: 'not', of: isPresent }
  return new ScimProblem('invalidFilter', `externalId ${op} null has no meaning: null goes with eq and ne`)
}

/** Values that a record has or has not, and when it has them. */
type Constants = readonly (readonly [string, Predicate])[]

function lowered(constants: Constants): Constants {
  return constants.map(([constant, when]) => [constant.toLowerCase(), when])
}

function compareConstants(node: TermNode, attribute: Attribute, constants: Constants): Predicate | ScimProblem {
  if (node.op === 'pr') return EVERYTHING
  const value = typeof node.value === 'string' && attribute.name === 'schemas' ? node.value.toLowerCase() : node.value
  const test = compare({ op: node.op === 'ne' ? 'eq' : node.op, value }, attribute, '', attribute.name)
  if (test instanceof ScimProblem) return test
  const any = either(constants.filter(([constant]) => holds(test, constant)).map(([, when]) => when))
  return node.op === 'ne' ? { op: 'not', of: any } : any
}

function either(parts: readonly Predicate[]): Predicate {
  const [first, ...others] = parts
  if (first === undefined) return NOTHING
  return parts.includes(EVERYTHING) ? EVERYTHING : others.length === 0 ? first : { op: 'or', of: parts }
}

function compareMeta(node: TermNode, path: AttributePath, type: ResourceType): Predicate | ScimProblem {
  if (node.op === 'pr') return EVERYTHING
  const { sub } = path
  if (sub?.name === 'resourceType') return compareConstants(node, sub, [[type.schema.name, EVERYTHING]])
  if (sub === undefined || type.stored.has(dottedName(path))) return compareSingle(node, path, type)
  return new ScimProblem('invalidFilter', `${dottedName(path)} cannot be searched: ask for id or meta.lastModified`)
}
