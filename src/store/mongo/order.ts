/**
 * The order of a page. MongoDB sorts what is absent first, the port wants it last (ascending), so a page by a path is
 * read in two parts, those that have a value and those that have none; the second is asked only when the first ends.
 */
import type { Document } from 'mongodb'
import type { Scalar } from '../predicate.ts'
import type { Query } from '../store.ts'
import { idRange, storedId } from './documents.ts'

export type Part = { readonly filter: Document; readonly sort: { readonly [path: string]: 1 | -1 } }

/** MongoDB's own order of the types. */
const TYPES = ['number', 'string', 'bool'] as const

export function partsOf(institution: string, query: Query): Part[] {
  const direction = query.sort?.descending === true ? -1 : 1
  const path = query.sort?.path ?? '_id'
  const behindId = query.after === undefined ? {} : { _id: behind(direction, storedId(institution, query.after.id)) }
  if (path === '_id') return [{ filter: { $and: [{ _id: idRange(institution) }, behindId] }, sort: { _id: direction } }]
  const isValued = { [path]: { $type: TYPES, $not: { $type: 'array' } } }
  const valued = { filter: isValued, sort: { [path]: direction, _id: direction } } as const
  const absent = { filter: { $nor: [isValued] }, sort: { _id: direction } } as const
  if (query.after === undefined) return direction === 1 ? [valued, absent] : [absent, valued]
  if (query.after.value === undefined) {
    const rest = { ...absent, filter: { $and: [absent.filter, behindId] } }
    return direction === 1 ? [rest] : [rest, valued]
  }
  const rest = { ...valued, filter: { $and: [isValued, behindValue(path, direction, query.after.value, behindId)] } }
  return direction === 1 ? [rest, absent] : [rest]
}

function behind(direction: 1 | -1, value: Scalar): Document {
  return direction === 1 ? { $gt: value } : { $lt: value }
}

function behindValue(path: string, direction: 1 | -1, value: Scalar, behindId: Document): Document {
  const type = TYPES.findIndex((name) => name === (typeof value === 'boolean' ? 'bool' : typeof value))
  const types = direction === 1 ? TYPES.slice(type + 1) : TYPES.slice(0, type)
  return {
    $or: [
      { [path]: behind(direction, value) },
      { [path]: { $eq: value }, ...behindId },
      ...(types.length === 0 ? [] : [{ [path]: { $type: types } }]),
    ],
  }
}
