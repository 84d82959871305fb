/**
 * PATCH on a resource (RFC 7644, section 3.5.2): pure, and all or nothing.
 *
 * Each step sees the result of the one before. Lists keep the elements that a step does not touch as they are; a list
 * has one primary value at most; an element that is left with labels alone, or is the same as another, is dropped when
 * all steps are done.
 */
import { isList, isObject } from '../directory/json.ts'
import { dottedName } from '../directory/schema.ts'
import type { Json, JsonObject, Resource } from '../directory/user.ts'
import { MAX_ELEMENTS } from '../directory/validate.ts'
import { isBare, merged, union, withOnePrimary, withoutNamed } from './elements.ts'
import { ScimProblem } from './errors.ts'
import { matchesElement } from './filter/matches.ts'
import { termsIn } from './filter/node.ts'
import type { Target } from './patch-path.ts'
import type { Step } from './patch-steps.ts'
import { without } from './values.ts'

/** How much the steps of one request may look at: it keeps the thread from others meanwhile. */
const MAX_LOOKS = 100_000
/** One look: an element of a list, so many characters of it, or the same for one more term of a filter. */
const LOOK_CHARACTERS = 32

type ChangeStep = Extract<Step, { readonly kind: 'change' }>

/** @returns the resource after all steps, or why nothing of them was done */
export function patchResource(resource: Resource, steps: readonly Step[]): Resource | ScimProblem {
  let next = resource
  let looks = 0
  const lists = new Map<string, Target>()
  for (const step of steps) {
    if (step.kind === 'clearExtension') next = without(next, [step.extension]) ?? {}
    if (step.kind !== 'change') continue
    const { target } = step
    const before = storedAt(next, target)
    if (isList(before)) looks += looksAt(before) * Math.max(1, termsIn(target.filter))
    if (looks > MAX_LOOKS)
      return new ScimProblem('tooMany', 'there are too many values for so many changes of lists: send fewer operations at once')
    const after = target.attribute.multiValued ? changeList(before, step) : changeSingle(before, step)
    if (after instanceof ScimProblem) return after
    next = withValue(next, target, after)
    if (target.attribute.multiValued) lists.set(listName(target), target)
  }
  for (const target of lists.values()) next = withValue(next, target, eachOnce(target, withoutBare(storedAt(next, target))))
  return next
}

function looksAt(list: readonly Json[]): number {
  let characters = 0
  for (const element of list) {
    for (const part of isObject(element) ? Object.values(element) : [element])
      characters += typeof part === 'string' ? part.length : 0
  }
  return list.length + characters / LOOK_CHARACTERS
}

function listName({ extension, attribute }: Target): string {
  return extension === undefined ? attribute.name : `${extension}.${attribute.name}`
}

function storedAt(resource: Resource, { extension, attribute }: Target): Json | undefined {
  const container = extension === undefined ? resource : resource[extension]
  return isObject(container) ? container[attribute.name] : undefined
}

function withValue(resource: Resource, { extension, attribute }: Target, value: Json | undefined): Resource {
  if (extension === undefined) return withMember(resource, attribute.name, value) ?? {}
  const container = resource[extension]
  return withMember(resource, extension, withMember(isObject(container) ? container : {}, attribute.name, value)) ?? {}
}

/** Undefined where nothing is left in the object, or nothing ever was. */
function withMember(object: JsonObject, name: string, value: Json | undefined): JsonObject | undefined {
  if (value === undefined) return object[name] === undefined && Object.keys(object).length > 0 ? object : without(object, [name])
  return value === object[name] ? object : { ...object, [name]: value }
}

function changeSingle(before: Json | undefined, { op, target, value, unset }: ChangeStep): Json | undefined {
  const { attribute, sub } = target
  const there = isObject(before) ? before : {}
  if (sub !== undefined) return op === 'add' && value === undefined ? before : withPart(there, sub.name, value)
  if (op === 'remove') return
  if (value === undefined && op === 'add') return before
  // What has a `value` is a reference: a new one must not keep the address of the old one.
  if (attribute.type !== 'complex' || attribute.subAttributes.has('value')) return value
  if (value === undefined && unset.length === 0) return
  return without({ ...there, ...(isObject(value) ? value : {}) }, unset)
}

function withPart(object: JsonObject, name: string, value: Json | undefined): JsonObject | undefined {
  const isOther = name === 'value' && object.value !== value
  return withMember(isOther ? (without(object, ['$ref', 'displayName']) ?? {}) : object, name, value)
}

function changeList(before: Json | undefined, step: ChangeStep): Json | undefined | ScimProblem {
  const elements = isList(before) ? before : []
  const after = step.target.filter === undefined ? changeAll(elements, step) : changeMatching(elements, step)
  if (after instanceof ScimProblem) return after
  if (after.length > MAX_ELEMENTS) {
    return new ScimProblem('invalidValue', `${dottedName(step.target)} must not have more than ${MAX_ELEMENTS} values`)
  }
  const isReplaced = step.op === 'replace' && step.target.filter === undefined && step.target.sub === undefined
  return after.length === 0 ? undefined : withOnePrimary(after, isReplaced ? [] : elements)
}

function changeAll(elements: readonly Json[], { op, target, value }: ChangeStep): readonly Json[] {
  const { sub } = target
  if (op === 'add' && value === undefined) return elements
  if (sub !== undefined) {
    const list = elements.length === 0 && value !== undefined ? [{}] : elements
    return changeEach(list, (element) => withPart(element, sub.name, value))
  }
  if (op === 'add') return union(target.attribute, elements, isList(value) ? value : [])
  if (op === 'replace') return isList(value) ? value : []
  return value === undefined ? [] : withoutNamed(target.attribute, elements, isList(value) ? value : [])
}

function changeMatching(elements: readonly Json[], step: ChangeStep): readonly Json[] | ScimProblem {
  const { op, target, value, seed } = step
  const { sub, filter, attribute } = target
  if (filter === undefined) return elements
  const matches = new Set(elements.filter((element) => matchesElement(filter, element, attribute)))
  if (matches.size === 0) return op === 'remove' || value === undefined ? elements : createdFor(elements, step)
  if (sub === undefined && (op === 'remove' || (op === 'replace' && value === undefined))) {
    return elements.filter((element) => !matches.has(element))
  }
  if (op === 'add' && value === undefined) return elements
  if (attribute.type !== 'complex' && value !== undefined)
    return elements.map((element) => (matches.has(element) ? value : element))
  return changeEach(elements, (element) => {
    if (!matches.has(element)) return element
    if (sub !== undefined) return withPart(element, sub.name, op === 'remove' ? undefined : value)
    if (!isObject(value)) return value
    return op === 'add' ? merged(element, value) : { ...seed, ...value }
  })
}

/**
 * The element that a filter describes where none matches. RFC 7644 wants `noTarget` for a replace (section 3.5.2.3),
 * but clients replace what they have never added; a filter on the value itself leaves nothing to replace.
 */
function createdFor(elements: readonly Json[], { op, target, value, seed }: ChangeStep): readonly Json[] | ScimProblem {
  if (seed === undefined || value === undefined || (op === 'replace' && seed.value !== undefined)) {
    return new ScimProblem('noTarget', `no value of ${listName(target)} matches the filter of the path`)
  }
  const { sub } = target
  if (sub !== undefined) return [...elements, { ...seed, [sub.name]: value }]
  return [...elements, isObject(value) ? { ...seed, ...value } : value]
}

function changeEach(elements: readonly Json[], change: (element: JsonObject) => Json | undefined): readonly Json[] {
  return elements.flatMap((element) => {
    const changed = isObject(element) ? change(element) : element
    return changed === undefined ? [] : [changed]
  })
}

function withoutBare(value: Json | undefined): Json | undefined {
  if (!isList(value) || !value.some(isBare)) return value
  const kept = value.filter((element) => !isBare(element))
  return kept.length === 0 ? undefined : kept
}

/** Steps may make of two elements the same one (RFC 7643, section 2.4). */
function eachOnce({ attribute }: Target, value: Json | undefined): Json | undefined {
  if (!isList(value)) return value
  const different = union(attribute, [], value)
  return different.length === value.length ? value : different
}

/** The stored names that steps touch, whether or not they change something. */
export function touchedBy(steps: readonly Step[]): ReadonlySet<string> {
  return new Set(
    steps.flatMap((step) => {
      if (step.kind === 'externalId') return ['externalId']
      if (step.kind === 'clearExtension') return [step.extension]
      return [listName(step.target), dottedName(step.target)]
    }),
  )
}
