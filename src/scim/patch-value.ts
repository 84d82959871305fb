/**
 * The value of a PATCH operation in the wrappings that clients put around it, and what is no value of its attribute at all.
 */
import { isObject } from '../directory/json.ts'
import type { Attribute } from '../directory/schema.ts'
import { dottedName } from '../directory/schema.ts'
import type { Target } from './patch-path.ts'
import { isUnassigned } from './values.ts'

/** Any other path leads to one value, or to elements that are each to have one: also a filter picks those. */
export function isWholeList({ attribute, sub, filter }: Target): boolean {
  return attribute.multiValued && sub === undefined && filter === undefined
}

/** The value that is meant for the target. */
export function unwrapped(target: Target, sent: unknown): unknown {
  const { attribute, sub, filter } = target
  const value = sub === undefined && filter === undefined ? withoutName(attribute, sent) : sent
  return isWholeList(target) ? value : onlyOne(sub ?? attribute, value)
}

/** Without the name of the attribute, where the path has it already: `{"members": […]}`, as Salesforce documents. */
function withoutName({ name, subAttributes }: Attribute, sent: unknown): unknown {
  if (!isObject(sent)) return sent
  const [named, ...others] = Object.keys(sent)
  const isName = named?.toLowerCase() === name.toLowerCase() && !subAttributes.has(name.toLowerCase())
  return named !== undefined && isName && others.length === 0 ? sent[named] : sent
}

/**
 * One value that comes as a list of one. Older Entra jobs wrap every value as they do members:
 * `[{"$ref": null, "value": "False"}]` for `active`.
 */
function onlyOne({ type }: Attribute, value: unknown): unknown {
  if (!Array.isArray(value) || value.length !== 1 || Array.isArray(value[0])) return value
  const [only] = value
  return type !== 'complex' && isObject(only) && Object.hasOwn(only, 'value') ? only.value : only
}

/**
 * Why a value cannot be meant for a whole list: there is something in it, but nothing that the list can hold. Passed for
 * an empty list, it would clear what it should have changed, or leave a member whom it should have removed.
 */
export function foreignTo(target: Target, value: unknown): string | undefined {
  if (!isWholeList(target)) return
  const { type, subAttributes } = target.attribute
  const parts = type === 'complex' ? [...subAttributes.values()].filter(({ mutability }) => mutability !== 'readOnly') : []
  const names = type === 'complex' ? parts.map(({ name }) => name) : ['value']
  const known = new Set(names.map((name) => name.toLowerCase()))
  const elements = (Array.isArray(value) ? value : [value]).filter((one) => !isUnassigned(one))
  const isKnown = (one: unknown) => !isObject(one) || Object.keys(one).some((name) => known.has(name.toLowerCase()))
  if (elements.length === 0 || elements.some(isKnown)) return
  return `${dottedName(target)} must have at least one of ${names.join(', ')} in each value`
}
