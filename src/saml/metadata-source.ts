/**
 * The metadata of an identity provider, from its address.
 */
import { askOutside } from '../limits/outbound.ts'
import type { FoundIdp, MetadataOptions } from './metadata-in.ts'
import { MAX_METADATA_BYTES, MetadataRefused, readIdpMetadata, tooManyEntities } from './metadata-in.ts'

const TIMEOUT_MS = 15_000

export type FetchOptions = MetadataOptions & {
  /** Whether only this machine can reach the server: then it may ask this machine. */
  readonly isLocal: boolean
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** @throws {MetadataRefused} @throws {OutboundError} */
export async function fetchIdpMetadata(
  url: string,
  { isLocal, timeoutMs = TIMEOUT_MS, signal, ...options }: FetchOptions,
): Promise<FoundIdp> {
  const headers = { accept: 'application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8' }
  const answer = await askOutside({
    url,
    headers,
    timeoutMs,
    maxBytes: MAX_METADATA_BYTES,
    isLocal,
    ...(signal && { signal }),
  })
  if (answer.status !== 200) throw new MetadataRefused(`${new URL(url).host} answered ${answer.status}, and 200 was expected`)
  if (answer.isCut) throw tooManyEntities()
  return readIdpMetadata(textIn(answer.body), options)
}

function textIn(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new MetadataRefused('the metadata is not UTF-8', { cause: error })
  }
}
