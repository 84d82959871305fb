/**
 * The path of a PATCH operation (RFC 7644, section 3.5.2, figure 7): an attribute, a part of it, or the elements that a
 * filter picks; also the bare URN of a schema, by which clients mean all of it. Cut where the tokens say, never at dots
 * or brackets as such: these also stand in texts.
 */
import type { Attribute, Extension, ResourceSchema } from '../directory/schema.ts'
import { ScimProblem } from './errors.ts'
import type { FilterNode, FilterPath } from './filter/node.ts'
import { readName, textOf } from './filter/node.ts'
import { parseValueFilter } from './filter/parse.ts'
import { unknownName } from './filter/resolve.ts'
import type { Token } from './filter/tokens.ts'
import { place, tokensOf } from './filter/tokens.ts'
import { compileWithin } from './filter/within.ts'

export type PatchPath =
  | { readonly extension?: Extension; readonly attribute: Attribute; readonly sub?: Attribute; readonly filter?: FilterNode }
  /** A whole schema: the extension, or the core where there is none. */
  | { readonly extension?: Extension }

/** What a path leads to within a schema. */
export type Target = Extract<PatchPath, { readonly attribute: Attribute }>

/** The parts as written. */
type WrittenPath = { readonly urn?: string; readonly attr?: string; readonly sub?: string; readonly filter?: FilterNode }

/** @returns the path, or `invalidPath`; `invalidFilter` where the brackets are at fault */
export function parsePatchPath(schema: ResourceSchema, text: string): PatchPath | ScimProblem {
  const written = readPatchPath(schema, text)
  if (written instanceof ScimProblem) return written
  const { urn, attr, sub, filter } = written
  if (attr === undefined) {
    const extension = schema.shortNameOf(urn ?? '')
    return extension === undefined ? {} : { extension }
  }
  const name: FilterPath = { ...(urn === undefined ? {} : { urn }), attr, ...(sub === undefined ? {} : { sub }) }
  const path = schema.resolve(textOf(name))
  if (path === undefined) return new ScimProblem('invalidPath', unknownName(schema, name))
  if (filter === undefined) return path
  if (!path.attribute.multiValued)
    return new ScimProblem('invalidPath', `${path.attribute.name} has one value and takes no filter`)
  const tested = compileWithin(filter, path.attribute, { isStored: false })
  return tested instanceof ScimProblem ? tested : { ...path, filter }
}

/** The syntax alone: names are not looked up, but for the URNs of schemas. */
export function readPatchPath(schema: ResourceSchema, text: string): WrittenPath | ScimProblem {
  const tokens = tokensOf(text)
  if (tokens instanceof ScimProblem) return new ScimProblem('invalidPath', tokens.detail)
  const [first, second, ...rest] = tokens
  if (first?.kind !== 'word' || first.at > 0) return wrong('the path must begin with the name of an attribute')
  if (second === undefined || second.isSpaced) return wrong(`${place(first.text.length)} the path must go on without a space`)
  if (second.kind === 'end') return isSchema(schema, first.text) ? { urn: first.text } : named(first.text)
  if (second.kind !== '[') return wrong(`${place(second.at)} the path must end, or go on with "["`)
  return readValuePath(text, first, second, rest)
}

function readValuePath(text: string, name: Token, open: Token, rest: readonly Token[]): WrittenPath | ScimProblem {
  const owner = named(name.text)
  if (owner instanceof ScimProblem) return owner
  if (owner.sub !== undefined) return wrong(`${place(open.at)} no "[" can follow a sub-attribute`)
  const index = rest.findIndex(({ kind }) => kind === ']')
  const [close, tail, end] = index < 0 ? [] : rest.slice(index)
  if (close === undefined || tail === undefined) return wrong('the closing "]" is missing')
  const filter = parseValueFilter(text.slice(open.at + 1, close.at))
  if (filter instanceof ScimProblem) return new ScimProblem(filter.code, `within "[…]", ${filter.detail}`)
  if (tail.isSpaced) return wrong(`${place(tail.at)} the path must go on without a space`)
  if (tail.kind === 'end') return { ...owner, filter }
  const sub = readName(tail.text.slice(1))
  const isPart = tail.text.startsWith('.') && sub !== undefined && sub.urn === undefined && sub.sub === undefined
  if (!isPart || end?.kind !== 'end' || end.isSpaced) return wrong(`${place(tail.at)} after "]" only a sub-attribute may follow`)
  return { ...owner, filter, sub: sub.attr }
}

function named(text: string): FilterPath | ScimProblem {
  return readName(text) ?? wrong(`${JSON.stringify(text)} is not the name of an attribute`)
}

function isSchema(schema: ResourceSchema, text: string): boolean {
  return schema.isCore(text) || schema.shortNameOf(text) !== undefined
}

function wrong(detail: string): ScimProblem {
  return new ScimProblem('invalidPath', detail)
}
