/**
 * Predicate -> SQL: one case a node.
 *
 * A comparison may come out as NULL for what is absent: `and`, `or` and `where` treat that as false, and `not` says
 * `is not true`, so that the answer is two-valued. Each comparison names the type it is about, since SQLite would
 * compare text with numbers and takes `true` for 1. Path segments are checked and written into the text; values are bound.
 */
import type { SQLInputValue } from 'node:sqlite'
import type { Predicate, Scalar } from '../predicate.ts'
import { bound } from './row.ts'
import type { List, Table } from './schema.ts'
import { ABSENT, columnOf } from './schema.ts'

export type Fragment = { readonly sql: string; readonly values: readonly SQLInputValue[] }

type Leaf = Exclude<Predicate, { op: 'and' | 'or' | 'not' | 'any' }>
type Any = Extract<Predicate, { op: 'any' }>

/** What a path stands for: a column that holds typed scalars, or a place in JSON. */
type Operand =
  | { readonly kind: 'column'; readonly sql: string }
  | { readonly kind: 'json'; readonly value: string; readonly type: string; readonly text: string }

/** Where paths begin: at a document or at one element of a list. */
type Scope = {
  operand(leaf: Leaf): Operand
  list(path: string): { readonly source: string; readonly path: string }
  /** The quick way to an `any` over a declared list. */
  declared(any: Any): Fragment | undefined
  readonly depth: number
}

const FALSE: Fragment = { sql: '0', values: [] }
const TRUE: Fragment = { sql: '1', values: [] }

/** True for the documents of the table (as `u`) that satisfy the predicate; else false or NULL. */
export function compile(table: Table, institution: string, predicate: Predicate): Fragment {
  return node(documents(table, institution), predicate)
}

/** The declared list that this predicate asks about, and its condition on the column `value`, if it does so. */
export function declaredList(table: Table, any: Predicate): { list: List; where: Fragment; isEqual: boolean } | undefined {
  if (any.op !== 'any') return undefined
  const element = elementPath(any.where)
  const path = element === undefined || element === '' ? any.path : `${any.path}.${element}`
  const list = element === undefined ? undefined : table.lists.find((list) => list.path === path)
  return list && { list, where: node(VALUES, any.where), isEqual: any.where.op === 'eq' }
}

/** The expression that sorts as the port wants it: numbers, text, booleans, then what is absent. */
export function sortKey(table: Table, path: string): string {
  const column = columnOf(table, path)
  if (column?.kind === 'key') return `coalesce(u.${column.sql}, ${ABSENT})`
  if (column !== undefined) return `u.${column.sql}`
  const { value, type } = place(...sourceOf(path))
  const scalar = `case ${type} when 'true' then x'01' when 'false' then x'00' when 'object' then null when 'array' then null else ${value} end`
  return `coalesce(${scalar}, ${ABSENT})`
}

function node(scope: Scope, predicate: Predicate): Fragment {
  switch (predicate.op) {
    case 'and':
      return all(predicate.of.map((part) => node(scope, part)))
    case 'or':
      return balanced(
        predicate.of.map((part) => node(scope, part)),
        'or',
        FALSE,
      )
    case 'not':
      return wrap('(', node(scope, predicate.of), ') is not true')
    case 'any':
      return scope.declared(predicate) ?? someElement(scope, predicate)
    case 'ne':
      return wrap('(', leaf(scope, { ...predicate, op: 'eq' }), ') is not true')
    default:
      return leaf(scope, predicate)
  }
}

export function all(fragments: readonly Fragment[]): Fragment {
  return balanced(fragments, 'and', TRUE)
}

/** SQLite refuses chains of more than a thousand terms, as too deep: a balanced tree of them is not deep. */
function balanced(fragments: readonly Fragment[], operator: 'and' | 'or', none: Fragment): Fragment {
  const [first, second] = fragments
  if (first === undefined) return none
  if (second === undefined) return first
  const middle = Math.ceil(fragments.length / 2)
  const left = balanced(fragments.slice(0, middle), operator, none)
  const right = balanced(fragments.slice(middle), operator, none)
  return { sql: `(${left.sql} ${operator} ${right.sql})`, values: [...left.values, ...right.values] }
}

function wrap(before: string, inner: Fragment, after: string): Fragment {
  return { sql: before + inner.sql + after, values: inner.values }
}

function someElement(scope: Scope, { path, where }: Any): Fragment {
  const { source, path: inside } = scope.list(path)
  const alias = `e${scope.depth + 1}`
  const inner = node(elements(alias, scope.depth + 1), where)
  const from = `jsonb_each(${source}, ${inside}) as ${alias}`
  return wrap(`(json_type(${source}, ${inside}) = 'array' and exists (select 1 from ${from} where `, inner, '))')
}

function leaf(scope: Scope, predicate: Leaf): Fragment {
  const operand = scope.operand(predicate)
  return operand.kind === 'column' ? onColumn(operand.sql, predicate) : onJson(operand, predicate)
}

const SIGNS = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' } as const

/** Columns order numbers before text before booleans, so a range names where its type ends and needs no type test. */
function onColumn(column: string, predicate: Leaf): Fragment {
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
      return balanced(
        [
          amongColumn(column, predicate.values, 'string'),
          amongColumn(column, predicate.values, 'number'),
          ...booleans(column, predicate.values),
        ],
        'or',
        FALSE,
      )
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

function amongColumn(column: string, values: readonly Scalar[], type: 'string' | 'number'): Fragment {
  const some = values.filter((value) => typeof value === type)
  if (some.length === 0) return FALSE
  return { sql: `(${column} in (select value from json_each(?)) and ${column} < ${ABSENT})`, values: [JSON.stringify(some)] }
}

function booleans(column: string, values: readonly Scalar[]): Fragment[] {
  return values.filter((value) => typeof value === 'boolean').map((value) => ({ sql: `${column} = ?`, values: [bound(value)] }))
}

function onJson({ value, type, text }: Extract<Operand, { kind: 'json' }>, predicate: Leaf): Fragment {
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
      return balanced(
        [
          amongJson(
            value,
            `${type} = 'text'`,
            predicate.values.filter((value) => typeof value === 'string'),
          ),
          amongJson(
            value,
            `${type} in ('integer', 'real')`,
            predicate.values.filter((value) => typeof value === 'number'),
          ),
          ...predicate.values
            .filter((value) => typeof value === 'boolean')
            .map((value) => ({ sql: `${type} = '${value}'`, values: [] })),
        ],
        'or',
        FALSE,
      )
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

function amongJson(value: string, isType: string, values: readonly Scalar[]): Fragment {
  if (values.length === 0) return FALSE
  return { sql: `(${value} in (select value from json_each(?)) and ${isType})`, values: [JSON.stringify(values)] }
}

function documents(table: Table, institution: string): Scope {
  return {
    depth: 0,
    operand(leaf) {
      const column = columnOf(table, leaf.path)
      // An indexed column holds scalars only, and a list or an object is present too.
      const isHeld = column !== undefined && !(column.kind === 'indexed' && leaf.op === 'pr')
      return isHeld ? { kind: 'column', sql: `u.${column.sql}` } : place(...sourceOf(leaf.path))
    },
    list(path) {
      const [source, inside] = sourceOf(path)
      return { source, path: jsonPath(inside) }
    },
    declared(any) {
      const found = declaredList(table, any)
      if (found === undefined) return
      const { list, where, isEqual } = found
      // One value: a look into its index. A condition: collected once, before the documents are gone through.
      return isEqual
        ? wrap(`exists (select 1 from ${list.table} where institution = u.institution and `, where, ' and id = u.id)')
        : {
            sql: `u.pk in (select pk from ${list.table} where institution = ? and ${where.sql})`,
            values: [institution, ...where.values],
          }
    },
  }
}

function elements(alias: string, depth: number): Scope {
  // Only an object may be asked for its members: anything else is no JSON text.
  const source = `case ${alias}.type when 'object' then ${alias}.value end`
  return {
    depth,
    operand: ({ path }) => (path === '' ? wholeElement(alias) : place(source, path)),
    list: (path) =>
      path === ''
        ? { source: `case ${alias}.type when 'array' then ${alias}.value end`, path: "'$'" }
        : { source, path: jsonPath(path) },
    declared: () => undefined,
  }
}

/** The column `value` of a list's table, whatever the path: the list holds nothing else. */
const VALUES: Scope = {
  depth: 0,
  operand: () => ({ kind: 'column', sql: 'value' }),
  list: () => {
    throw new TypeError('a declared list holds scalars')
  },
  declared: () => undefined,
}

/** The one path that a condition asks about, when it holds for scalars alone: then the list's table can answer it. */
function elementPath(where: Predicate): string | undefined {
  switch (where.op) {
    case 'and':
    case 'or': {
      const paths = new Set(where.of.map(elementPath))
      const [path] = paths
      return paths.size === 1 ? path : undefined
    }
    case 'any':
    case 'not':
    case 'ne':
    case 'pr':
      return undefined
    default:
      return where.path
  }
}

/** The column that holds this part of a document, and the path inside it. */
function sourceOf(path: string): [source: string, inside: string] {
  if (path === 'search') return ['u.search', '']
  return path.startsWith('search.') ? ['u.search', path.slice('search.'.length)] : ['u.doc', path]
}

function place(source: string, path: string): Operand & { kind: 'json' } {
  const at = jsonPath(path)
  return { kind: 'json', value: `${source} ->> ${at}`, type: `json_type(${source}, ${at})`, text: `${source} -> ${at}` }
}

function wholeElement(alias: string): Operand {
  const text = `case when ${alias}.type in ('object', 'array') then json(${alias}.value)
    when ${alias}.type = 'text' and ${alias}.value = '' then '""' else ${alias}.type end`
  return { kind: 'json', value: `${alias}.value`, type: `${alias}.type`, text: `(${text})` }
}

function jsonPath(path: string): string {
  if (path === '') return "'$'"
  const segments = path.split('.')
  if (!segments.every((segment) => /^\w+$/.test(segment))) throw new TypeError(`not a path: ${JSON.stringify(path)}`)
  return `'$${segments.map((segment) => `."${segment}"`).join('')}'`
}
