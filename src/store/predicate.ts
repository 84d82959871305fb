/**
 * The neutral question that every store answers alike: a small tree, which each adapter compiles on.
 *
 * Two-valued: a comparison with what is absent, or with a value of another type, is false, and `ne` is exactly
 * `not eq`. Strings compare by code point (UTF-8 byte order): folding is the asker's work, never the store's.
 */

export type Scalar = string | number | boolean

/**
 * Dotted path into a stored document (`keys.netid`, `search.name.familyName`); inside `any`, into one element,
 * where '' is the element itself. Segments are `[A-Za-z0-9_]+`: adapters refuse anything else.
 */
type Path = string

export type Predicate =
  | { readonly op: 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le'; readonly path: Path; readonly value: Scalar }
  | { readonly op: 'co' | 'sw' | 'ew'; readonly path: Path; readonly value: string }
  | { readonly op: 'in'; readonly path: Path; readonly values: readonly Scalar[] }
  /** Present: neither absent, null, an empty string, an empty list nor an empty object. */
  | { readonly op: 'pr'; readonly path: Path }
  /** `and` of nothing is true, `or` of nothing is false. */
  | { readonly op: 'and' | 'or'; readonly of: readonly Predicate[] }
  | { readonly op: 'not'; readonly of: Predicate }
  /** At least one element of the list at `path` satisfies `where`, all of it on the same element. */
  | { readonly op: 'any'; readonly path: Path; readonly where: Predicate }

/** What asks about one value, and holds no other predicate. */
export type Leaf = Exclude<Predicate, { op: 'and' | 'or' | 'not' | 'any' }>

export const EVERYTHING: Predicate = { op: 'and', of: [] }

export const NOTHING: Predicate = { op: 'or', of: [] }

export function and(...of: readonly Predicate[]): Predicate {
  const parts = of.filter((part) => part !== EVERYTHING)
  return parts.length === 1 ? (parts[0] as Predicate) : { op: 'and', of: parts }
}
