/**
 * One request of a caller who may make it.
 */
import type { ResourceSchema } from '../directory/schema.ts'
import type { Caller } from './deps.ts'
import type { Projection } from './projection.ts'
import { namesIn, projectionOf } from './projection.ts'
import type { MediaType } from './respond.ts'

export type Exchange = {
  readonly request: Request
  readonly caller: Caller
  /** URL of the institution's SCIM endpoint. */
  readonly base: string
  readonly type: MediaType
  /** A parameter of the query string. */
  readonly parameter: (name: string) => string | undefined
}

/** Ids are the server's own; anything else is nobody's, and need not trouble the store. */
export const ID = /^[A-Za-z0-9_-]{1,64}$/

export function projectionIn({ parameter }: Exchange, schema: ResourceSchema): Projection | undefined {
  return projectionOf(schema, namesIn(parameter('attributes')), namesIn(parameter('excludedAttributes')))
}
