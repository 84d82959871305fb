/**
 * Question -> statement, and whether it is surely quick, whatever the number of documents. What may have to look at
 * many of them goes to the reader thread instead.
 */
import type { Predicate, Scalar } from '../predicate.ts'
import type { LookUp, Query } from '../store.ts'
import type { AccessPath, IsFew } from './access-path.ts'
import { accessPathOf, conjuncts } from './access-path.ts'
import { compile, declaredList, sortKey } from './compile.ts'
import type { Fragment } from './fragment.ts'
import { all } from './fragment.ts'
import type { Question } from './reading.ts'
import { bound } from './row.ts'
import type { Table } from './schema.ts'
import { ABSENT, columnOf, quoted } from './schema.ts'

export type Plan = { readonly isQuick: boolean; readonly question: Question }

/** SQLite keeps text as UTF-8: nothing is converted. */
export const DOC_BYTES = 'cast(u.doc as blob)'

/** As many rows of an index as may be returned or stepped over without a deadline. */
const PAGE = 1000

export function planFind(table: Table, institution: string, query: Query, isFew: IsFew): Plan {
  const path = query.sort?.path ?? '_id'
  const access = accessPathOf({ table, institution, parts: conjuncts(query.where), sortPath: path, isFew })
  const isQuick = access.reach === 'few' || (access.reach === 'page' && query.limit <= PAGE && (query.skip ?? 0) <= PAGE)
  const from = access.list === undefined ? 'u' : 'l'
  const key = path === '_id' ? `${from}.id` : sortKey(table, path)
  const where = [...conditions(table, institution, access, isQuick), ...behind(query, key, `${from}.id`)]
  const direction = query.sort?.descending === true ? 'desc' : 'asc'
  const order = path === '_id' ? `${key} ${direction}` : `${key} ${direction}, ${from}.id ${direction}`
  const page = `order by ${order} ${limits(query)}`
  const isListAlone = access.list !== undefined && access.rest.length === 0 && path === '_id' && !table.expires
  const what = query.asBytes === true ? DOC_BYTES : 'u.doc'
  return {
    isQuick,
    question: isListAlone ? pageOfList(what, table, access, where, page, order) : select(what, table, access, where, page),
  }
}

export function planCount(table: Table, institution: string, predicate: Predicate, isFew: IsFew): Plan {
  const access = accessPathOf({ table, institution, parts: conjuncts(predicate), sortPath: '', isFew })
  const isQuick = access.reach === 'few'
  return { isQuick, question: select('count(*)', table, access, conditions(table, institution, access, isQuick)) }
}

/** One statement with an arm for each key, since SQLite uses no index for an `or` of them. */
export function lookUpQuestion(table: Table, institution: string, { ids = [], keys = {} }: LookUp): Question | undefined {
  const byKey = Object.entries(keys).map(([key, values]) => [`keys.${key}`, values] as const)
  const arms = [['_id', ids] as const, ...byKey]
    .filter(([, values]) => values.length > 0)
    .map(([path, values]) => arm(table, institution, keyColumn(table, path), values))
  if (arms.length === 0) return undefined
  const found = arms.map(({ sql }) => sql).join(' union ')
  const alive = all(unexpired(table))
  return {
    sql: `with found as (${found}) select u.doc as answer from found cross join ${table.sql} u on u.pk = found.pk where ${alive.sql}`,
    values: [...arms.flatMap(({ values }) => values), ...alive.values],
  }
}

function arm(table: Table, institution: string, column: string, values: readonly string[]): Fragment {
  const isOne = values.length === 1
  return {
    sql: `select u.pk as pk from ${table.sql} u where u.institution = ? and u.${column} ${isOne ? '= ?' : 'in (select value from json_each(?))'}`,
    values: [institution, isOne ? (values[0] ?? null) : JSON.stringify(values)],
  }
}

function keyColumn(table: Table, path: string): string {
  const column = columnOf(table, path)
  if (column === undefined) throw new TypeError(`${table.name} has no key "${path}"`)
  return column.sql
}

/** What the counters answer: all documents, those with a value in a counted list, or those without it. */
export function countedBy(
  table: Table,
  predicate: Predicate,
): { list: string; value: Scalar; isNegated: boolean } | 'all' | undefined {
  const [part, ...others] = conjuncts(predicate)
  if (table.expires || others.length > 0) return undefined
  if (part === undefined) return 'all'
  const isNegated = part.op === 'not'
  const any = isNegated ? part.of : part
  const found = declaredList(table, any)
  if (found?.list.isCounted !== true || any.op !== 'any' || any.where.op !== 'eq') return undefined
  return { list: found.list.path, value: any.where.value, isNegated }
}

function conditions(table: Table, institution: string, access: AccessPath, isQuick: boolean): Fragment[] {
  const pk = access.list === undefined ? 'u.pk' : 'l.pk'
  // Looks at the deadline at every so many rows; only the reader thread has this function.
  const tick = { sql: `(${pk} & 127 <> 0 or tick())`, values: [] }
  const rest = access.rest.map((part) => compile(table, institution, part))
  return [access.by, ...(isQuick ? [] : [tick]), ...unexpired(table), ...rest]
}

function select(what: string, table: Table, access: AccessPath, where: readonly Fragment[], page = ''): Question {
  const by = access.index === undefined ? '' : `indexed by ${quoted(access.index)}`
  const from =
    access.list === undefined ? `${table.sql} u ${by}` : `${access.list.table} l cross join ${table.sql} u on u.pk = l.pk`
  const condition = all(where)
  return {
    sql: `select ${what} as answer from ${from} where ${condition.sql} ${page}`,
    values: condition.values,
  }
}

/** Cuts the page out of the list's index first, so that no document is touched that a deep page steps over. */
function pageOfList(
  what: string,
  table: Table,
  access: AccessPath,
  where: readonly Fragment[],
  page: string,
  order: string,
): Question {
  const condition = all(where)
  const inner = `select l.pk as pk, l.id as id from ${access.list?.table} l where ${condition.sql} ${page}`
  return {
    sql: `select ${what} as answer from (${inner}) l cross join ${table.sql} u on u.pk = l.pk order by ${order}`,
    values: condition.values,
  }
}

/** Only what comes behind the place where the last page ended. */
function behind({ after, sort }: Query, key: string, id: string): Fragment[] {
  if (after === undefined) return []
  const sign = sort?.descending === true ? '<' : '>'
  if (key === id) return [{ sql: `${id} ${sign} ?`, values: [after.id] }]
  return [{ sql: `(${key}, ${id}) ${sign} (coalesce(?, ${ABSENT}), ?)`, values: [bound(after.value ?? null), after.id] }]
}

/** Written out: bound, SQLite would plan the statement anew at each use. */
function limits({ limit, skip = 0 }: Query): string {
  if (![limit, skip].every((count) => Number.isSafeInteger(count) && count >= 0)) throw new TypeError('limit and skip are counts')
  return skip === 0 ? `limit ${limit}` : `limit ${limit} offset ${skip}`
}

function unexpired(table: Table): Fragment[] {
  return table.expires ? [{ sql: '(u.expires is null or u.expires > ?)', values: [Date.now()] }] : []
}
