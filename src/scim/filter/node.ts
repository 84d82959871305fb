/**
 * A SCIM filter as read (RFC 7644, section 3.4.2.2): names as written, values decoded, nothing looked up yet.
 */

export type Literal = string | number | boolean | null

/** `urn:…:User:name.familyName` in its parts. */
export type FilterPath = { readonly urn?: string; readonly attr: string; readonly sub?: string }

export const COMPARISONS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const
export type Comparison = (typeof COMPARISONS)[number]

export type FilterNode =
  | { readonly op: Comparison; readonly path: FilterPath; readonly value: Literal }
  | { readonly op: 'pr'; readonly path: FilterPath }
  | { readonly op: 'and' | 'or'; readonly of: readonly FilterNode[] }
  | { readonly op: 'not'; readonly of: FilterNode }
  /** One element satisfies all of `of`: `emails[type eq "work"]`. */
  | { readonly op: 'any'; readonly path: FilterPath; readonly of: FilterNode }

const NAME = /^(?:(urn:[a-z0-9._:-]*[a-z0-9._-]):)?([a-z][a-z0-9_-]*|\$ref)(?:\.([a-z][a-z0-9_-]*|\$ref))?$/i

/** The parts of a name; undefined when it is none by the grammar (figure 1), to which `$ref` is an exception. */
export function readName(text: string): FilterPath | undefined {
  const [, urn, attr, sub] = NAME.exec(text) ?? []
  if (attr === undefined) return undefined
  return { ...(urn === undefined ? {} : { urn }), attr, ...(sub === undefined ? {} : { sub }) }
}

/** The name as written. */
export function textOf({ urn, attr, sub }: FilterPath): string {
  return `${urn === undefined ? '' : `${urn}:`}${attr}${sub === undefined ? '' : `.${sub}`}`
}

/** How many comparisons a filter makes at most. */
export function termsIn(filter: FilterNode | undefined): number {
  if (filter === undefined) return 0
  if (!('of' in filter)) return 1
  return [filter.of].flat().reduce((sum, node) => sum + termsIn(node), 0)
}
