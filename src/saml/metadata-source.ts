/**
 * Where the metadata of an identity provider is had from: a file, once, or an address, again and again.
 */
import { open } from 'node:fs/promises'
import { unreadable } from '../file-errors.ts'
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

/** @throws {MetadataRefused} */
export async function idpMetadataIn(file: string, options: MetadataOptions): Promise<FoundIdp> {
  return readIdpMetadata(textIn(await contentOf(file)), options)
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file)
    if ((await handle.stat()).size > MAX_METADATA_BYTES) throw tooManyEntities()
    return await handle.readFile()
  } catch (error) {
    if (error instanceof MetadataRefused) throw error
    throw new MetadataRefused(unreadable(file, error))
  }
}

function textIn(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new MetadataRefused('the metadata is not UTF-8', { cause: error })
  }
}
