/**
 * One comparison -> SQL, on a column or on a place in JSON. Each names the type it is about, since SQLite would compare
 * text with numbers and takes `true` for 1; each may come out as NULL for what is absent.
 */
import type { Leaf, Scalar } from '../predicate.ts'
import type { Fragment } from './fragment.ts'
import { some, TRUE, wrap } from './fragment.ts'
import { bound } from './row.ts'
import { ABSENT } from './schema.ts'

/** A place in JSON: SQL for the value there, for its JSON type, and for its JSON text. */
export type Place = { readonly value: string; readonly type: string; readonly text: string }

const SIGNS = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' } as const

/** Columns order numbers before text before booleans, so a range names where its type ends and needs no type test. */
export function onColumn(column: string, predicate: Leaf): Fragment {
  switch (predicate.op) {
    case 'eq':
    case 'ne':
      return { sql: `(${column} = ? and ${column} < ${ABSENT})`, values: [bound(predicate.value)] }
    case 'gt':
    case 'ge':
      return {
        sql: `(${column} ${SIGNS[predicate.op]} ? and ${column} < ${endOf(predicate.value)})`,
        values: [bound(predicate.value)],
      }
    case 'lt':
    case 'le':
      return {
        sql: `(${column} ${SIGNS[predicate.op]} ? and ${column} >= ${startOf(predicate.value)})`,
        values: [bound(predicate.value)],
      }
    case 'sw':
      return prefixed(column, predicate.value)
    case 'co':
      return { sql: `(typeof(${column}) = 'text' and instr(${column}, ?) > 0)`, values: [predicate.value] }
    case 'ew':
      return wrap(`(typeof(${column}) = 'text' and `, endsWith(column, predicate.value), ')')
    case 'in':
      return some([
        ...among(column, ofType(predicate.values, 'string'), `${column} < ${ABSENT}`),
        ...among(column, ofType(predicate.values, 'number'), `${column} < ${ABSENT}`),
        ...ofType(predicate.values, 'boolean').map((value) => ({ sql: `${column} = ?`, values: [bound(value)] })),
      ])
    case 'pr':
      return { sql: `(${column} <> '' and ${column} < ${ABSENT})`, values: [] }
    default:
      return predicate satisfies never
  }
}

function startOf(value: Scalar): string {
  return typeof value === 'number' ? '-9e999' : typeof value === 'string' ? "''" : "x''"
}

function endOf(value: Scalar): string {
  return typeof value === 'number' ? "''" : typeof value === 'string' ? "x''" : ABSENT
}

function prefixed(column: string, prefix: string): Fragment {
  const end = behind(prefix)
  const upper = end === undefined ? { sql: "x''", values: [] } : { sql: '?', values: [end] }
  return { sql: `(${column} >= ? and ${column} < ${upper.sql})`, values: [prefix, ...upper.values] }
}

/** The least text that is greater than every text with this prefix; absent when there is none. */
function behind(prefix: string): string | undefined {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  while (points.at(-1) === 0x10ffff) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  // Surrogates cannot be stored; what follows them can.
  return String.fromCodePoint(...points, last >= 0xd7ff && last < 0xe000 ? 0xe000 : last + 1)
}

function endsWith(text: string, end: string): Fragment {
  const length = [...end].length
  return length === 0 ? TRUE : { sql: `substr(${text}, ${-length}) = ?`, values: [end] }
}

/** Nothing for no values: an arm that is always false would keep SQLite from an index. */
function among(what: string, values: readonly Scalar[], isType: string): Fragment[] {
  if (values.length === 0) return []
  return [{ sql: `(${what} in (select value from json_each(?)) and ${isType})`, values: [JSON.stringify(values)] }]
}

function ofType(values: readonly Scalar[], type: 'string' | 'number' | 'boolean'): Scalar[] {
  return values.filter((value) => typeof value === type)
}

export function onJson({ value, type, text }: Place, predicate: Leaf): Fragment {
  switch (predicate.op) {
    case 'eq':
    case 'ne':
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
      return compareJson(value, type, predicate.op === 'ne' ? 'eq' : predicate.op, predicate.value)
    case 'co':
      return { sql: `(instr(${value}, ?) > 0 and ${type} = 'text')`, values: [predicate.value] }
    case 'sw':
      return { sql: `(substr(${value}, 1, ${[...predicate.value].length}) = ? and ${type} = 'text')`, values: [predicate.value] }
    case 'ew':
      return wrap('(', endsWith(value, predicate.value), ` and ${type} = 'text')`)
    case 'in':
      return some([
        ...among(value, ofType(predicate.values, 'string'), `${type} = 'text'`),
        ...among(value, ofType(predicate.values, 'number'), `${type} in ('integer', 'real')`),
        ...ofType(predicate.values, 'boolean').map((value) => ({ sql: `${type} = '${value}'`, values: [] })),
      ])
    case 'pr':
      return { sql: `${text} not in ('null', '""', '[]', '{}')`, values: [] }
    default:
      return predicate satisfies never
  }
}

function compareJson(value: string, type: string, op: keyof typeof SIGNS, to: Scalar): Fragment {
  if (typeof to === 'boolean') {
    const kept = [false, true].filter((stored) => compares(op, Number(stored) - Number(to)))
    return { sql: `${type} in (${kept.map((stored) => `'${stored}'`).join(', ')})`, values: [] }
  }
  const isType = typeof to === 'string' ? "= 'text'" : "in ('integer', 'real')"
  return { sql: `(${value} ${SIGNS[op]} ? and ${type} ${isType})`, values: [to] }
}

function compares(op: keyof typeof SIGNS, difference: number): boolean {
  switch (op) {
    case 'eq':
      return difference === 0
    case 'gt':
      return difference > 0
    case 'ge':
      return difference >= 0
    case 'lt':
      return difference < 0
    case 'le':
      return difference <= 0
    default:
      return op satisfies never
  }
}
