/**
 * Fills variables into the steps of a dialogue: `${id}` in any text, name or value.
 * A text that is one variable and nothing else takes the variable's type as well.
 */
import type { Json, JsonObject } from './json.ts'
import { isObject } from './json.ts'

export type Variables = ReadonlyMap<string, Json>

const VARIABLE = /\$\{([\w-]+)\}/g
const ONE_VARIABLE = /^\$\{([\w-]+)\}$/

/** The value with its variables in place; a name that is not known stays as written. `$merge` joins objects. */
export function fill(value: Json, variables: Variables): Json {
  if (typeof value === 'string') return fillText(value, variables)
  if (Array.isArray(value)) return value.map((element) => fill(element, variables))
  if (!isObject(value)) return value
  const parts = value.$merge
  if (Array.isArray(parts)) return parts.map((part) => fill(part, variables)).reduce(merge, {})
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [textOf(name, variables), fill(inner, variables)]))
}

/** The same for what can only be a text: paths, headers, names. */
export function textOf(text: string, variables: Variables): string {
  return text.replace(VARIABLE, (whole, name: string) => {
    const value = variables.get(name)
    if (value === undefined) return whole
    return typeof value === 'string' ? value : JSON.stringify(value)
  })
}

export function textsOf(texts: { readonly [name: string]: string }, variables: Variables): { [name: string]: string } {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [textOf(name, variables), textOf(text, variables)]))
}

function fillText(text: string, variables: Variables): Json {
  const name = ONE_VARIABLE.exec(text)?.[1]
  return (name === undefined ? undefined : variables.get(name)) ?? textOf(text, variables)
}

/** Names of the later object win; objects within objects are joined in turn. */
function merge(left: Json, right: Json): JsonObject {
  const joined: { [name: string]: Json } = isObject(left) ? { ...left } : {}
  for (const [name, value] of Object.entries(isObject(right) ? right : {})) {
    const before = joined[name]
    joined[name] = isObject(before) && isObject(value) ? merge(before, value) : value
  }
  return joined
}
