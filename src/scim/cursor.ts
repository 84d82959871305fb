/**
 * Cursors (RFC 9865): where a page ended, sealed, so that nobody can make one up. One is good for the institution, the
 * client and the very query that it was given for, and for a day; holding it grants nothing.
 */
import { hash } from 'node:crypto'
import type { Seal } from '../auth/seal.ts'
import { SealError } from '../auth/seal.ts'
import type { Scalar } from '../store/predicate.ts'
import type { Caller } from './deps.ts'
import { ScimProblem } from './errors.ts'
import type { ListRequest } from './list-request.ts'

/** Told in ServiceProviderConfig. */
export const CURSOR_SECONDS = 24 * 60 * 60

/** Longer than any that is given: a value to sort by is at most 1 kB. */
const MAX_LENGTH = 8192
const PURPOSE = 'cursor'

/** Behind which resource the next page begins. */
export type Place = {
  /** Of its resource type: `User`. */
  readonly type: string
  readonly id: string
  /** What the resource has where it is sorted by; absent when it has nothing there, or is sorted by id. */
  readonly value?: Scalar
}

export type Cursors = {
  /** Only of characters that stand in a URL as they are. */
  write(place: Place): string
  /** @returns undefined for the first page */
  read(cursor: string): Place | undefined | ScimProblem
}

/** @param types names of the resource types that are listed */
export function cursorsFor(
  seal: Seal,
  { institution, source }: Caller,
  types: readonly string[],
  { filter, sortBy, isDescending, count }: ListRequest,
  now: () => number = Date.now,
): Cursors {
  // Most lists are told without a cursor.
  const context = () => {
    const query = JSON.stringify([source, types, filter ?? null, sortBy ?? null, isDescending, count])
    return `${institution._id} ${hash('sha256', query, 'base64url')}`
  }
  return {
    write({ type, id, value }) {
      return seal.seal(PURPOSE, context(), JSON.stringify([now(), type, id, ...(value === undefined ? [] : [value])]))
    },
    read(cursor) {
      if (cursor === '') return
      if (cursor.length > MAX_LENGTH) return NOT_OF_THIS
      const opened = open(seal, context(), cursor)
      if (opened === undefined) return NOT_OF_THIS
      const [at, type, id, value] = opened
      if (now() - at > CURSOR_SECONDS * 1000) return new ScimProblem('expiredCursor')
      return { type, id, ...(value === undefined ? {} : { value }) }
    },
  }
}

const NOT_OF_THIS = new ScimProblem(
  'invalidCursor',
  'this cursor does not belong to this query: filter, sorting and count must stay as they were; begin again with an empty cursor',
)

type Sealed = readonly [at: number, type: string, id: string, value?: Scalar]

function open(seal: Seal, context: string, cursor: string): Sealed | undefined {
  try {
    return JSON.parse(seal.open(PURPOSE, context, cursor)) as Sealed
  } catch (error) {
    if (error instanceof SealError) return undefined
    throw error
  }
}
