/**
 * What a value is expected to be: a JSON value means exactly that value, an object of `$` names a test each,
 * all of which must hold. `conformance/README.md` lists them.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Json, JsonObject } from './json.ts'
import { isAbsent, isObject, listOf, show } from './json.ts'

type Matcher = (actual: Json | undefined, wanted: Json) => boolean

/** What was expected, in words, or undefined when the value is that. */
export function mismatch(actual: Json | undefined, expected: Json): string | undefined {
  if (!isObject(expected) || !hasMatchers(expected)) return isDeepStrictEqual(actual, expected) ? undefined : show(expected)
  for (const [name, wanted] of Object.entries(expected)) {
    const matcher = MATCHERS.get(name)
    if (matcher === undefined) return `a matcher that exists, not ${name}`
    if (!matcher(actual, wanted)) return `${name.slice(1)} ${show(wanted)}`
  }
  return undefined
}

// A `$ref` is an attribute of SCIM (RFC 7643 section 2.4), not a matcher.
function hasMatchers(expected: JsonObject): boolean {
  return Object.keys(expected).some((name) => name.startsWith('$') && name !== '$ref')
}

const holds = (actual: Json | undefined, expected: Json) => mismatch(actual, expected) === undefined

const MATCHERS: ReadonlyMap<string, Matcher> = new Map<string, Matcher>([
  ['$in', (actual, wanted) => listOf(wanted).some((one) => holds(actual, one))],
  ['$not', (actual, wanted) => !holds(actual, wanted)],
  ['$type', (actual, wanted) => typeOf(actual) === wanted || (wanted === 'number' && typeof actual === 'number')],
  ['$ci', (actual, wanted) => typeof actual === 'string' && actual.toLowerCase() === String(wanted).toLowerCase()],
  ['$len', (actual, wanted) => listOf(actual).length === wanted],
  ['$min', (actual, wanted) => sizeOf(actual) >= Number(wanted)],
  ['$max', (actual, wanted) => isAbsent(actual) || sizeOf(actual) <= Number(wanted)],
  ['$contains', (actual, wanted) => (typeof actual === 'string' ? actual.includes(String(wanted)) : hasElement(actual, wanted))],
  ['$has', (actual, wanted) => listOf(wanted).every((one) => hasElement(actual, one))],
  ['$lacks', (actual, wanted) => !listOf(wanted).some((one) => hasElement(actual, one))],
  ['$set', (actual, wanted) => isSameSet(listOf(actual), listOf(wanted))],
  ['$absentOr', (actual, wanted) => isAbsent(actual) || holds(actual, wanted)],
])

function typeOf(value: Json | undefined): string {
  if (Array.isArray(value)) return 'array'
  if (value === null) return 'null'
  return Number.isInteger(value) ? 'integer' : typeof value
}

/** A number is its own size, a list has its length; nothing else is large or small. */
function sizeOf(value: Json | undefined): number {
  if (typeof value === 'number') return value
  return Array.isArray(value) ? value.length : Number.NaN
}

function hasElement(list: Json | undefined, wanted: Json): boolean {
  return listOf(list).some((element) => resembles(element, wanted))
}

/** As many elements as wanted ones, and a different one for each. */
function isSameSet(actual: readonly Json[], wanted: readonly Json[]): boolean {
  if (actual.length !== wanted.length) return false
  const left = [...actual]
  return wanted.every((one) => {
    const index = left.findIndex((element) => resembles(element, one))
    if (index >= 0) left.splice(index, 1)
    return index >= 0
  })
}

/** Elements of lists are compared by the attributes that were asked for only. */
function resembles(element: Json, wanted: Json): boolean {
  if (!isObject(wanted) || !isObject(element) || hasMatchers(wanted)) return holds(element, wanted)
  return Object.entries(wanted).every(([name, value]) => holds(element[name], value))
}
