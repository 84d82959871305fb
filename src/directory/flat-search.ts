/**
 * A flat field with a value, as a question that every store answers: by key where it is one, else by the folded shadow
 * of the record.
 */
import type { Predicate } from '../store/predicate.ts'
import { and } from '../store/predicate.ts'
import type { Field } from './fields.ts'
import { elementOf } from './flat-record.ts'
import { foldKey, foldText } from './keys.ts'
import { dottedName, USER } from './schema.ts'
import { cut, foldingOf } from './search.ts'
import { isMatchKey } from './user.ts'

/** @param value as `flat-values.ts` read it, of tags one of them */
export function fieldIs(field: Field, value: string | number | boolean): Predicate {
  if (isMatchKey(field.name)) return { op: 'eq', path: `keys.${field.name}`, value: foldKey(String(value)) ?? '' }
  const element = elementOf(field)
  if (element !== undefined) {
    const { list, type, sub } = element
    const where = and({ op: 'eq', path: 'type', value: type }, { op: 'eq', path: sub, value: folded(`${list}.${sub}`, value) })
    return { op: 'any', path: `search.${list}`, where }
  }
  const path = `search.${storedName(field.path)}`
  const wanted = folded(field.path, value)
  if (field.type === 'tags') return { op: 'any', path, where: { op: 'eq', path: '', value: wanted } }
  return { op: 'eq', path, value: wanted }
}

function storedName(path: string): string {
  const resolved = USER.resolve(path)
  if (resolved === undefined) throw new Error(`no schema knows ${path}`)
  return dottedName(resolved)
}

function folded(path: string, value: string | number | boolean): string | number | boolean {
  const resolved = USER.resolve(path)
  if (typeof value !== 'string' || resolved === undefined) return value
  switch (foldingOf(resolved.sub ?? resolved.attribute)) {
    case 'key':
      return cut(foldKey(value) ?? '')
    case 'text':
      return cut(foldText(value))
    default:
      return cut(value)
  }
}
