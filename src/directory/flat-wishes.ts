/**
 * What is wanted of a record, field by field: read from what was sent, and fulfilled.
 */
import type { Problem } from './change.ts'
import type { Field } from './fields.ts'
import { FIELDS } from './fields.ts'
import type { Fresh } from './flat-record.ts'
import { getField, withField } from './flat-record.ts'
import { kindOf } from './flat-schema.ts'
import type { TagEdit } from './flat-tags.ts'
import { editTags, tagEditFrom } from './flat-tags.ts'
import { faultIn, flagFrom, isClear, isProblem, readValue } from './flat-values.ts'
import type { Institution } from './institution.ts'
import { isList } from './json.ts'
import { composed, foldKey } from './keys.ts'
import { quoted } from './quoted.ts'
import type { Json, Resource, Source } from './user.ts'
import { channelOf, isMatchKey } from './user.ts'

/** What is wanted of a field that was sent; null clears it. */
export type Wish = { readonly field: Field; readonly value: string | number | boolean | null | TagEdit }

type WishSender = { readonly institution: Institution; readonly source: Source; readonly required: readonly string[] }

/**
 * @param flat what was sent, by the names of fields
 * @param misshapen fields whose shape is wrong already
 * @param problems what is wrong with other values is added
 */
export function readWishes(
  flat: { readonly [name: string]: unknown },
  misshapen: readonly Problem[],
  { institution, source, required }: WishSender,
  problems: Problem[],
): readonly Wish[] {
  const wishes: Wish[] = []
  const isMisshapen = (name: string) => misshapen.some(({ field }) => field === name)
  const emptyClears = institution.settings.emptyClears?.some((channel) => channel === channelOf(source)) ?? false
  const flag = flat.keep_existing_user_tags
  const keeps = flag === undefined ? false : flagFrom(flag)
  for (const field of FIELDS) {
    const raw = flat[field.name]
    if (raw === undefined || isMisshapen(field.name)) continue
    const value =
      field.type === 'tags'
        ? readTags(field, raw as string | readonly string[] | null, keeps === true)
        : readValue(field, raw as string | number | boolean | null, institution)
    if (isProblem(value)) problems.push(value)
    else if (value !== undefined) wishes.push({ field, value })
    else if (emptyClears && !(field.type === 'tags' && keeps === true) && !isKept(field.name, required))
      wishes.push({ field, value: null })
  }
  if (!isMisshapen('keep_existing_user_tags') && keeps === undefined) {
    problems.push({
      field: 'keep_existing_user_tags',
      code: 'value_invalid',
      message: `keep_existing_user_tags is ${typeof flag === 'string' ? quoted(flag) : kindOf(flag)}; it should be true or false (also yes, no, 1, 0)`,
    })
  }
  return wishes
}

function readTags(field: Field, raw: string | readonly string[] | null, keeps: boolean): TagEdit | null | undefined | Problem {
  if (raw === null || isClear(raw)) return null
  const entries = (isList(raw) ? raw : (raw as string).split(',')).map((tag) => composed(tag.trim())).filter(Boolean)
  // Nothing is added to what is kept.
  if (entries.length === 0) return isList(raw) && raw.length === 0 && !keeps ? null : undefined
  for (const entry of entries) {
    const fault = faultIn(field, entry) ?? tooLongTag(field, entry)
    if (fault !== undefined) return fault
  }
  return tagEditFrom(entries, keeps)
}

/** A list's are counted by its schema; of a text only the whole. */
function tooLongTag({ name, maxLength = Number.POSITIVE_INFINITY }: Field, entry: string): Problem | undefined {
  if (entry.length <= maxLength || [...entry].length <= maxLength) return undefined
  return { field: name, code: 'value_too_long', message: `${name} has a tag of more than ${maxLength} characters` }
}

/** Fields that a record never loses: those required, and the status, which is always one or the other. */
export function isKept(name: string, required: readonly string[]): boolean {
  return name === 'account_status' || required.includes(name)
}

/**
 * @param fresh objects that may be written into (`flat-record.ts`)
 * @returns the record itself where it is so already
 */
export function fulfilled(resource: Resource, { field, value }: Wish, fresh: Fresh): Resource {
  const there = getField(resource, field)
  if (value === null) return there === undefined ? resource : withField(resource, field, undefined, fresh)
  if (typeof value === 'object') return withTags(resource, field, there, value, fresh)
  return isAsGood(field, there, value) ? resource : withField(resource, field, value, fresh)
}

function withTags(resource: Resource, field: Field, there: Json | undefined, edit: TagEdit, fresh: Fresh): Resource {
  const tags = isList(there) ? there.map(String) : []
  const next = editTags(tags, edit)
  return next === tags ? resource : withField(resource, field, next.length === 0 ? undefined : next, fresh)
}

/** What is there already is no change in another normal form, nor is a match key in another case. */
function isAsGood({ name }: Field, there: Json | undefined, wish: string | number | boolean): boolean {
  if (there === wish) return true
  if (typeof there !== 'string' || typeof wish !== 'string') return false
  return isMatchKey(name) ? foldKey(there) === foldKey(wish) : composed(there) === wish
}
