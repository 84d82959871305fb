/**
 * `attributes` and `excludedAttributes` (RFC 7644, section 3.9): which parts of a resource an answer shows.
 * Names are resolved once a request; unknown ones are harmless. `schemas` and `id` always come.
 */
import { isList, isObject } from '../directory/json.ts'
import type { ResourceSchema } from '../directory/schema.ts'
import type { Json, JsonObject } from '../directory/user.ts'

export type Projection = {
  readonly of: (resource: JsonObject) => JsonObject
  /** Whether anything of an attribute of the core can be shown: what is not need not be read. */
  readonly shows: (name: string) => boolean
}

/** What is picked of an object: everything of a name, or parts of it. */
type Picked = Map<string, 'whole' | Picked>

/** @returns undefined when nothing was asked for: the resource is shown as it is */
export function projectionOf(
  schema: ResourceSchema,
  attributes: readonly string[],
  excluded: readonly string[],
): Projection | undefined {
  const shown = attributes.length === 0 ? undefined : pick(schema, attributes)
  const hidden = pick(schema, excluded)
  for (const name of ['schemas', 'id']) {
    shown?.set(name, 'whole')
    hidden.delete(name)
  }
  if (shown === undefined && hidden.size === 0) return
  return {
    of: (resource) => withSchemas(hide(shown === undefined ? resource : show(resource, shown), hidden)),
    shows: (name) => (shown === undefined || shown.has(name)) && hidden.get(name) !== 'whole',
  }
}

/** The names in a query parameter, separated by commas. */
export function namesIn(text: string | undefined): readonly string[] {
  if (text === undefined) return []
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function pick(schema: ResourceSchema, names: readonly string[]): Picked {
  const picked: Picked = new Map()
  for (const name of names) {
    const extension = schema.shortNameOf(name)
    if (extension !== undefined) picked.set(schema.urnOf(extension), 'whole')
    else if (schema.isCore(name)) for (const attribute of schema.attributesOf().values()) picked.set(attribute.name, 'whole')
    else pickPath(picked, schema, name)
  }
  return picked
}

function pickPath(picked: Picked, schema: ResourceSchema, name: string): void {
  const path = schema.resolve(name)
  if (path === undefined) return
  const { extension, attribute, sub } = path
  const container = extension === undefined ? [] : [schema.urnOf(extension)]
  const steps = [...container, attribute.name, ...(sub === undefined ? [] : [sub.name])]
  let here = picked
  for (const [index, step] of steps.entries()) {
    const there = here.get(step)
    if (there === 'whole') return
    if (index === steps.length - 1) here.set(step, 'whole')
    else {
      const inner: Picked = there ?? new Map()
      here.set(step, inner)
      here = inner
    }
  }
}

function show(object: JsonObject, picked: Picked): JsonObject {
  const out: { [name: string]: Json } = {}
  for (const name in object) {
    const how = picked.get(name)
    if (how === undefined) continue
    const value = how === 'whole' ? object[name] : inside(object[name] as Json, (inner) => show(inner, how))
    if (value !== undefined) out[name] = value
  }
  return out
}

function hide(object: JsonObject, picked: Picked): JsonObject {
  if (picked.size === 0) return object
  const out: { [name: string]: Json } = {}
  for (const name in object) {
    const how = picked.get(name)
    if (how === 'whole') continue
    const value = how === undefined ? object[name] : inside(object[name] as Json, (inner) => hide(inner, how))
    if (value !== undefined) out[name] = value
  }
  return out
}

/** Applied to each object of a list; what ends empty is left out. */
function inside(value: Json, project: (object: JsonObject) => JsonObject): Json | undefined {
  if (isList(value)) {
    const elements = value.map((element) => inside(element, project)).filter((element) => element !== undefined)
    return elements.length === 0 ? undefined : elements
  }
  if (!isObject(value)) return value
  const projected = project(value)
  return Object.keys(projected).length === 0 ? undefined : projected
}

/** An extension that is not shown is not named either (RFC 7643, section 3). */
function withSchemas(resource: JsonObject): JsonObject {
  const { schemas } = resource
  if (!isList(schemas) || schemas.length === 1) return resource
  return {
    ...resource,
    schemas: schemas.filter((urn, index) => index === 0 || (typeof urn === 'string' && resource[urn] !== undefined)),
  }
}
