/**
 * `scim.map`: brings what a client sends by default onto the fields that its institution matches by, for example the
 * netid from what stands before the @ of userName. What the client says of the field itself goes first.
 */
import { FIELDS } from '../directory/fields.ts'
import type { Institution } from '../directory/institution.ts'
import { isList, isObject, sameJson } from '../directory/json.ts'
import { userSchemaOf } from '../directory/own-extension.ts'
import type { ResourceSchema } from '../directory/schema.ts'
import { dottedName, USER } from '../directory/schema.ts'
import type { Json, Resource } from '../directory/user.ts'
import { ScimProblem } from './errors.ts'
import { matchesElement } from './filter/matches.ts'
import { patchResource } from './patch.ts'
import type { Target } from './patch-path.ts'
import { parsePatchPath } from './patch-path.ts'
import { parsePatch } from './patch-steps.ts'

/** A record as a client sees or sends it; null as absent. */
type Told = { readonly resource: Resource; readonly externalId?: string | null | undefined }

export type Mapping = {
  /** For POST and PUT: fills the fields that were not sent. */
  onto(told: Told): Resource
  /** For PATCH: fields follow what they come from, unless the PATCH touched them (`touched`: stored names). */
  follow(before: Told, after: Told, touched: ReadonlySet<string>): Resource
}

type Rule = { readonly from: Target; readonly takesLocalPart: boolean; readonly to: Target; readonly path: string }

const known = new WeakMap<Institution, Mapping>()

export function mappingOf(institution: Institution): Mapping {
  const cached = known.get(institution)
  if (cached !== undefined) return cached
  const { settings } = institution
  const mapping = mappingBy(rulesOf(settings.scim?.map ?? {}, userSchemaOf(settings)))
  known.set(institution, mapping)
  return mapping
}

type FieldMap = NonNullable<NonNullable<Institution['settings']['scim']>['map']>

function rulesOf(map: FieldMap, schema: ResourceSchema): readonly Rule[] {
  return Object.entries(map).flatMap(([name, source]) => {
    const path = FIELDS.find((field) => field.name === name)?.path
    const from = targetAt(schema, typeof source === 'string' ? source : source.path)
    const to = path === undefined ? undefined : targetAt(USER, path)
    if (path === undefined || from === undefined || to === undefined) return []
    return [{ from, to, path, takesLocalPart: typeof source === 'object' && source.take === 'localPart' }]
  })
}

function targetAt(schema: ResourceSchema, text: string): Target | undefined {
  const path = parsePatchPath(schema, text)
  return path instanceof ScimProblem || !('attribute' in path) ? undefined : path
}

function mappingBy(rules: readonly Rule[]): Mapping {
  return {
    onto(told) {
      let { resource } = told
      for (const rule of rules) if (valueAt({ ...told, resource }, rule.to) === undefined) resource = filled(resource, told, rule)
      return resource
    },
    follow(before, after, touched) {
      let { resource } = after
      for (const rule of rules) {
        const value = valueAt(after, rule.from)
        if (value === undefined || sameJson(value, valueAt(before, rule.from)) || isTouched(rule.to, touched)) continue
        resource = filled(resource, after, rule)
      }
      return resource
    },
  }
}

function isTouched(to: Target, touched: ReadonlySet<string>): boolean {
  const name = dottedName(to)
  return touched.has(name) || [...name.matchAll(/\./g)].some(({ index }) => touched.has(name.slice(0, index)))
}

/** A value that the field cannot hold is left where it is: the mapping is the institution's, not the client's. */
function filled(resource: Resource, told: Told, { from, takesLocalPart, path }: Rule): Resource {
  const found = valueAt(told, from)
  const value = takesLocalPart && typeof found === 'string' ? localPartOf(found) : found
  if (value === undefined || value === '') return resource
  const steps = parsePatch(USER, { Operations: [{ op: 'replace', path, value }] })
  const next = steps instanceof ScimProblem ? steps : patchResource(resource, steps)
  return next instanceof ScimProblem ? resource : next
}

/** What stands before the last @; all of it where there is none. */
function localPartOf(text: string): string {
  const at = text.lastIndexOf('@')
  return at < 0 ? text : text.slice(0, at)
}

/** The value at the path; of several, the primary or the first. */
function valueAt({ resource, externalId }: Told, { extension, attribute, sub, filter }: Target): Json | undefined {
  if (attribute.name === 'externalId') return externalId ?? undefined
  const container = extension === undefined ? resource : resource[extension]
  const value = isObject(container) ? container[attribute.name] : undefined
  if (!isList(value)) return sub === undefined ? value : partOf(value, sub.name)
  const matching = filter === undefined ? value : value.filter((element) => matchesElement(filter, element, attribute))
  const element = matching.find((one) => isObject(one) && one.primary === true) ?? matching[0]
  return isObject(element) ? partOf(element, sub?.name ?? 'value') : element
}

function partOf(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) ? value[name] : undefined
}
