/**
 * Requests that this server makes to addresses from settings: webhooks, keys and metadata of others. Bounded in time and
 * size, never redirected, always a connection of their own. HTTPS with a certificate that holds for the name, so that
 * nobody can point them at a service that is not theirs; on a server that is only tried out, also plain HTTP to itself.
 */
import type { LookupAddress } from 'node:dns'
import { lookup as lookUp } from 'node:dns'
import type { IncomingHttpHeaders, RequestOptions } from 'node:http'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { isIP } from 'node:net'
import { hostFrom } from '../host.ts'
import { addressList } from './address-list.ts'

export type Outbound = {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: { readonly [name: string]: string }
  readonly body?: string
  /** For all of it, from the first look-up to the last byte. */
  readonly timeoutMs: number
  /** How much of the answer is read. */
  readonly maxBytes: number
  /** Whether only this machine can reach the server: then it may reach this machine. */
  readonly isLocal: boolean
  readonly signal?: AbortSignal
}

export type Inbound = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Whether the answer was longer than what is here. */
  readonly isCut: boolean
}

export type Ask = (outbound: Outbound) => Promise<Inbound>

/** Nothing came back; the message says why, for the log of this server. */
export class OutboundError extends Error {
  override name = 'OutboundError'
}

const LOOPBACK = addressList(['127.0.0.0/8', '::1/128'])
/** This machine, its own link, and what is no single host (RFC 6890). */
const NO_HOST = addressList(['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/128', 'fe80::/10', 'ff00::/8'])

/** @throws {OutboundError} when the address may not be asked, cannot be reached, or does not answer in time */
export const askOutside: Ask = async (outbound) => {
  const { timeoutMs, signal } = outbound
  const url = checkedUrl(outbound)
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    return await answerTo(url, outbound, signal ? AbortSignal.any([timeout, signal]) : timeout)
  } catch (error) {
    throw failure(url, error, { timeoutMs, isTooLate: timeout.aborted })
  }
}

/** What is told of a request that nothing came back of. */
export function failure(
  { host }: URL,
  error: unknown,
  { timeoutMs, isTooLate }: { readonly timeoutMs: number; readonly isTooLate: boolean },
): OutboundError {
  if (error instanceof OutboundError) return error
  const says = isTooLate ? `did not answer within ${timeoutMs / 1000} s` : `cannot be reached: ${saysOf(error)}`
  return new OutboundError(`${host} ${says}`, { cause: error })
}

/** @throws {OutboundError} where the address is none that may be asked */
export function checkedUrl({ url: text, isLocal }: Outbound): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url) throw new OutboundError('what should be asked is no URL')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal)) throw new OutboundError(`${url.host} is not https`)
  const host = hostFrom(url.hostname)
  if (isIP(host) !== 0 && !mayAsk(host, url, isLocal)) throw notAsked(url)
  return url
}

/** Plain HTTP never leaves this machine. */
function mayAsk(address: string, { protocol }: URL, isLocal: boolean): boolean {
  if (LOOPBACK(address)) return isLocal
  return protocol === 'https:' && !NO_HOST(address)
}

function notAsked({ host }: URL): OutboundError {
  return new OutboundError(`${host} is an address that is not asked from here`)
}

/** Judges what a name resolves to at the moment at which it is connected to: a name may change its mind. */
function guardedLookup(url: URL, isLocal: boolean): LookupFunction {
  return (host, options, done) => {
    lookUp(host, { ...options, all: true }, (error, found: LookupAddress[]) => {
      const [first, ...others] = error ? [] : found.filter(({ address }) => mayAsk(address, url, isLocal))
      if (error) done(error, '')
      else if (!first) done(notAsked(url), '')
      else if (options.all) done(null, [first, ...others])
      else done(null, first.address, first.family)
    })
  }
}

function answerTo(url: URL, outbound: Outbound, signal: AbortSignal): Promise<Inbound> {
  const { method = 'GET', headers = {}, body, maxBytes, isLocal } = outbound
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  const options: RequestOptions = {
    method,
    headers: { ...headers, 'user-agent': 'matricula', ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
    agent: false,
    lookup: guardedLookup(url, isLocal),
    signal,
  }
  return new Promise((resolve, reject) => {
    const asked = request(url, options, (answer) => {
      const parts: Buffer[] = []
      let bytes = 0
      const done = (isCut: boolean) => {
        const { statusCode = 0, headers: told } = answer
        resolve({ status: statusCode, headers: told, body: Buffer.concat(parts).subarray(0, maxBytes), isCut })
        asked.destroy()
      }
      answer.on('data', (part: Buffer) => {
        parts.push(part)
        bytes += part.length
        if (bytes > maxBytes) done(true)
      })
      answer.on('end', () => done(false))
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

function saysOf(error: unknown): string {
  return error instanceof Error ? error.message || String('code' in error ? error.code : error.name) : String(error)
}
