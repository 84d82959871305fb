/**
 * From which address a request comes, for limits by address. A proxy that ends TLS stands on this machine or in a private
 * network: from there, and from nowhere else, the last entry of X-Forwarded-For is believed, which that proxy wrote.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP } from 'node:net'

const PRIVATE = privateAddresses()

/** A request as far as it tells where it comes from. */
type Coming = { readonly headers: IncomingHttpHeaders; readonly socket: { readonly remoteAddress?: string | undefined } }

/** @returns an IPv4 address, or the /64 network of an IPv6 address, which one household or office has to itself */
export function addressOf({ socket, headers }: Coming): string {
  const peer = plainAddress(socket.remoteAddress ?? '')
  const forwarded = plainAddress(withoutPort(lastOf(headers['x-forwarded-for'])))
  return network(isIP(forwarded) !== 0 && isPrivate(peer) ? forwarded : peer)
}

/** An address as a socket shows it: where a server listens at IPv6 too, an IPv4 caller is written `::ffff:192.0.2.1`. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

function lastOf(header: string | string[] | undefined): string {
  return (
    String(header ?? '')
      .split(',')
      .at(-1) ?? ''
  ).trim()
}

/** Azure's Application Gateway and IIS write `192.0.2.7:50123` and `[2001:db8::1]:50123`. */
function withoutPort(entry: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d+)?$/.exec(entry) ?? []
  return bracketed ?? plain ?? entry
}

function isPrivate(address: string): boolean {
  const version = isIP(address)
  return version !== 0 && PRIVATE.check(address, version === 6 ? 'ipv6' : 'ipv4')
}

function network(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...gap, ...after].slice(0, 4).join(':')
}

/** Loopback, private use (RFC 1918), shared (RFC 6598) and unique local addresses (RFC 4193). */
function privateAddresses(): BlockList {
  const list = new BlockList()
  for (const [address, prefix] of [
    ['127.0.0.0', 8],
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['100.64.0.0', 10],
  ] as const) {
    list.addSubnet(address, prefix, 'ipv4')
  }
  list.addAddress('::1', 'ipv6')
  list.addSubnet('fc00::', 7, 'ipv6')
  return list
}
