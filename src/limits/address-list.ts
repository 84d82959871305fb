/**
 * Lists of addresses and ranges (CIDR) from which somebody may come. Node's own `BlockList` does the comparing: it
 * knows IPv6, and an IPv4 address that a socket shows as `::ffff:192.0.2.1`.
 */
import { BlockList, isIP } from 'node:net'

const RIGHT = 'an address or a range, for example 192.0.2.17, 192.0.2.0/24 or 2001:db8::/32'

/** Why it is no address and no range, and what would be right; begins with a verb. */
export function rangeFault(text: string): string | undefined {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (address.includes('%')) return `has a zone ("%"), which means nothing elsewhere; it should be ${RIGHT}`
  if (family === 0 && /^[0-9.]+-[0-9.]+$/.test(text)) return `is written with a hyphen; it should be ${RIGHT}`
  if (family === 0 && /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+$/i.test(text)) return `is a name; it should be ${RIGHT}`
  if (family === 0 || rest.length > 0) return `is no address; it should be ${RIGHT}`
  const longest = family === 4 ? 32 : 128
  if (prefix === undefined || (/^(?:0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= longest)) return undefined
  return `has the prefix "/${prefix}"; it should be a number from /0 to /${longest}`
}

/**
 * @param ranges none of which has a `rangeFault`
 * @returns whether an address, as a socket shows it, is in one of them
 */
export function addressList(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(address, prefix === undefined ? LONGEST[family] : Number(prefix), family)
  }
  return (address) => list.check(address.replace(/%.*$/, ''), isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

const LONGEST = { ipv4: 32, ipv6: 128 } as const
