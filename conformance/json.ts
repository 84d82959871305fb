/**
 * JSON values as a stranger's server sends them, and how to look into them (RFC 6901 pointers).
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [name: string]: Json }

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What no answer has to tell apart: nothing there, null, and a list of nothing (RFC 7643 section 2.5). */
export function isAbsent(value: Json | undefined): value is null | undefined | readonly [] {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

/** One value or many as a list; nothing is the empty list. */
export function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value as Exclude<Json, readonly Json[]>]
}

/** The value of a JSON text, undefined when it is none. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** The value as text for a reader, at most 300 characters. */
export function show(value: Json | undefined): string {
  return value === undefined ? 'nothing' : shorten(JSON.stringify(value), 300)
}

export function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}

const SEGMENT = /\/(\[[^\]]*\]|[^/]*)/g
const PICK = /^\[([^=\]]+)=(.*)\]$/s

/**
 * The value at a pointer, undefined where there is none. Beside RFC 6901 a segment `[type=work]` picks, of a list,
 * the first element that has this sub-attribute, whatever its case.
 */
export function at(value: Json | undefined, pointer: string): Json | undefined {
  let here = value
  for (const [, segment = ''] of pointer.matchAll(SEGMENT)) here = step(here, segment)
  return here
}

function step(value: Json | undefined, segment: string): Json | undefined {
  const [, name, wanted] = PICK.exec(segment) ?? []
  if (name !== undefined && wanted !== undefined) return pick(value, name, wanted)
  const key = segment.replaceAll('~1', '/').replaceAll('~0', '~')
  if (Array.isArray(value)) return value[Number(key)]
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

function pick(list: Json | undefined, name: string, wanted: string): Json | undefined {
  if (!Array.isArray(list)) return undefined
  return list.find((element) => isObject(element) && String(element[name]).toLowerCase() === wanted.toLowerCase())
}
