/**
 * One request of a caller who may make it, and what of it matters to any resource.
 */
import type { Change } from '../directory/change.ts'
import type { ResourceSchema } from '../directory/schema.ts'
import type { Caller } from './deps.ts'
import { ScimProblem } from './errors.ts'
import { wantedBy } from './etag.ts'
import type { Projection } from './projection.ts'
import { namesIn, projectionOf } from './projection.ts'
import { readJson } from './request-body.ts'
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

/** A write that is asked for, by a request of its own or as one operation of many. */
export type Asked = {
  readonly caller: Caller
  /** The resource, or a PatchOp; nothing of a deletion. */
  readonly body?: unknown
  readonly ifVersion?: Change['ifVersion']
}

/** The write that a request with a body asks for. */
export async function askedBy({ request, caller }: Exchange, maxBytes?: number): Promise<Asked | ScimProblem> {
  const read = await readJson(request, maxBytes)
  return read instanceof ScimProblem ? read : { caller, body: read.body, ifVersion: wantedBy(request) }
}

/** The deletion that a request asks for. */
export function deletionBy({ request, caller }: Exchange): Asked {
  return { caller, ifVersion: wantedBy(request) }
}

/** Who asks for the change of a user or a group, and of which versions. */
export function changeBy({ caller, ifVersion }: Asked): Pick<Change, 'source' | 'credential' | 'ifVersion'> {
  return { source: caller.source, credential: caller.credential, ifVersion }
}

export function projectionIn({ parameter }: Exchange, schema: ResourceSchema): Projection | undefined {
  return projectionOf(schema, namesIn(parameter('attributes')), namesIn(parameter('excludedAttributes')))
}

const RETURN = /(?:^|[,;])\s*return\s*=\s*"?(minimal|representation)"?\s*(?:[,;]|$)/i

/**
 * Whether the caller wants to see what was written, or not (`Prefer: return=…`, RFC 7240 section 4.2); undefined when
 * it does not say. Other preferences are ignored, `respond-async` among them (RFC 9967, section 2.5.1.1).
 */
export function wantsToSee({ request }: Exchange): boolean | undefined {
  const header = request.headers.get('prefer')
  const wanted = header === null ? undefined : RETURN.exec(header)?.[1]?.toLowerCase()
  return wanted === undefined ? undefined : wanted === 'representation'
}
