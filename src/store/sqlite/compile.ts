/**
 * Predicate -> SQL: one case a node.
 *
 * A comparison may come out as NULL for what is absent: `and`, `or` and `where` treat that as false, and `not` says
 * `is not true`, so that the answer is two-valued. Path segments are checked and written into the text; values are bound.
 */
import type { Leaf, Predicate } from '../predicate.ts'
import type { Place } from './compare.ts'
import { onColumn, onJson } from './compare.ts'
import type { Fragment } from './fragment.ts'
import { all, some, wrap } from './fragment.ts'
import type { List, Table } from './schema.ts'
import { ABSENT, columnOf } from './schema.ts'

type Any = Extract<Predicate, { op: 'any' }>

/** What a path stands for: a column that holds typed scalars, or a place in JSON. */
type Operand = { readonly kind: 'column'; readonly sql: string } | ({ readonly kind: 'json' } & Place)

/** Where paths begin: at a document or at one element of a list. */
type Scope = {
  operand(leaf: Leaf): Operand
  list(path: string): { readonly source: string; readonly path: string }
  /** The quick way to an `any` over a declared list. */
  declared(any: Any): Fragment | undefined
  readonly depth: number
}

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
      return some(predicate.of.map((part) => node(scope, part)))
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

/** The document without its fields that are apart. */
const FIRST_LINE = 'substr(u.doc, 1, instr(u.doc || char(10), char(10)) - 1)'

/** The column that holds this part of a document, and the path inside it. */
function sourceOf(path: string): [source: string, inside: string] {
  if (path === 'search') return ['u.search', '']
  return path.startsWith('search.') ? ['u.search', path.slice('search.'.length)] : [FIRST_LINE, path]
}

function place(source: string, path: string): Extract<Operand, { kind: 'json' }> {
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
