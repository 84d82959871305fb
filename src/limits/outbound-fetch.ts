/**
 * Requests to addresses from settings, where there is nothing but `fetch`: on a platform whose programs reach public
 * addresses alone, whatever a name resolves to. Bounded, and never redirected, as in `outbound.ts`.
 */
import type { Ask, Inbound, Outbound } from './outbound.ts'
import { checkedUrl, failure } from './outbound.ts'

/** @throws {OutboundError} as `askOutside` does */
export const askByFetch: Ask = async (outbound) => {
  const { method = 'GET', headers = {}, body, timeoutMs, signal } = outbound
  const url = checkedUrl(outbound)
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const answer = await fetch(url, {
      method,
      headers: { ...headers, 'user-agent': 'matricula' },
      redirect: 'manual',
      signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
      ...(body !== undefined && { body }),
    })
    return await read(answer, outbound)
  } catch (error) {
    throw failure(url, error, { timeoutMs, isTooLate: timeout.aborted })
  }
}

async function read(answer: Response, { maxBytes }: Outbound): Promise<Inbound> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of answer.body ?? []) {
    parts.push(part)
    bytes += part.byteLength
    // Leaving the loop ends the connection.
    if (bytes > maxBytes) break
  }
  const headers = Object.fromEntries(answer.headers)
  return { status: answer.status, headers, body: Buffer.concat(parts).subarray(0, maxBytes), isCut: bytes > maxBytes }
}
