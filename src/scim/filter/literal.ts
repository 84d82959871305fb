/**
 * One comparison of a filter, typed by the schema: which operators an attribute knows, and what its literal means.
 */
import { timeOf } from '../../directory/date-time.ts'
import { foldKey, foldKeyPart, foldText } from '../../directory/keys.ts'
import type { Attribute } from '../../directory/schema.ts'
import { cut, foldingOf } from '../../directory/search.ts'
import type { Predicate, Scalar } from '../../store/predicate.ts'
import { EVERYTHING, NOTHING } from '../../store/predicate.ts'
import { ScimProblem } from '../errors.ts'
import type { Comparison, Literal } from './node.ts'

const TEXT_ONLY: ReadonlySet<string> = new Set(['co', 'sw', 'ew'])
const DECIMAL = /^-?\d{1,16}(?:\.\d{1,16})?$/

type Term = { readonly op: Comparison; readonly value: Literal }

/**
 * @param path where the value lies in the stored document
 * @param name what a problem calls the attribute
 */
export function compare({ op, value }: Term, attribute: Attribute, path: string, name: string): Predicate | ScimProblem {
  if (value === null) return absence(op, path, name)
  switch (attribute.type) {
    case 'boolean':
      return compareBoolean(op, value, path, name)
    case 'integer':
    case 'decimal':
      return compareNumber(op, typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value, path, name, 'a number')
    case 'dateTime':
      return compareNumber(
        op,
        typeof value === 'string' ? timeOf(value) : Number.NaN,
        path,
        name,
        'a date and time such as "2027-01-31T08:00:00Z"',
      )
    case 'string':
    case 'reference':
    case 'binary':
      return compareText(op, value, attribute, path, name)
    case 'complex':
      return hasParts(attribute, name)
    default:
      return attribute.type satisfies never
  }
}

function absence(op: Comparison, path: string, name: string): Predicate | ScimProblem {
  if (op === 'ne') return { op: 'pr', path }
  if (op === 'eq') return { op: 'not', of: { op: 'pr', path } }
  return new ScimProblem('invalidFilter', `${name} ${op} null has no meaning: null goes with eq and ne`)
}

/** Some clients write booleans as text: `roles[primary eq "True"]`. */
function compareBoolean(op: Comparison, value: Scalar, path: string, name: string): Predicate | ScimProblem {
  const word = typeof value === 'string' ? value.toLowerCase() : value
  const wanted = word === 'true' || word === true ? true : word === 'false' || word === false ? false : undefined
  if (wanted === undefined) return new ScimProblem('invalidFilter', `${name} is true or false, without quotes`)
  if (op === 'eq' || op === 'ne') return { op, path, value: wanted }
  return new ScimProblem('invalidFilter', `${name} is true or false, which goes with eq, ne and pr, not with ${op}`)
}

function compareNumber(op: Comparison, value: Scalar, path: string, name: string, kind: string): Predicate | ScimProblem {
  if (typeof value !== 'number' || Number.isNaN(value))
    return new ScimProblem('invalidFilter', `${name} is compared with ${kind}`)
  if (isForText(op)) return new ScimProblem('invalidFilter', `${name} is no text: ${op} has no meaning for it`)
  return { op, path, value }
}

function compareText(op: Comparison, value: Scalar, attribute: Attribute, path: string, name: string): Predicate | ScimProblem {
  if (typeof value !== 'string') return new ScimProblem('invalidFilter', `${name} is compared with text in double quotes`)
  if (value.includes('\0') || !value.isWellFormed()) {
    return new ScimProblem('invalidFilter', `the text that ${name} is compared with holds NUL or half a surrogate pair`)
  }
  if (attribute.type === 'binary' && op !== 'eq' && op !== 'ne') {
    return new ScimProblem('invalidFilter', `${name} is binary, which goes with eq, ne and pr, not with ${op}`)
  }
  const folded = foldLiteral(op, value, attribute, path)
  if (folded === undefined) return op === 'ne' ? EVERYTHING : NOTHING
  return isForText(op) ? { op, path, value: folded } : { op, path, value: folded }
}

/** As the value was folded when it was stored; a whole key may be nothing but spaces, and then no record has it. */
function foldLiteral(op: Comparison, value: string, attribute: Attribute, path: string): string | undefined {
  const folding = foldingOf(attribute)
  const isWhole = op === 'eq' || op === 'ne'
  const folded =
    folding === 'key' ? (isWhole ? foldKey(value) : foldKeyPart(value)) : folding === 'text' ? foldText(value) : value
  if (folded === undefined || path.startsWith('keys.') || isForText(op)) return folded
  return cut(folded)
}

function isForText(op: Comparison): op is 'co' | 'sw' | 'ew' {
  return TEXT_ONLY.has(op)
}

export function hasParts(attribute: Attribute, name: string): ScimProblem {
  const part = [...attribute.subAttributes.values()].find((sub) => sub.name !== 'formatted')?.name ?? 'value'
  return new ScimProblem('invalidFilter', `${name} has parts: compare one of them, such as ${name}.${part}`)
}
