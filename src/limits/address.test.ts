import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, it } from 'node:test'
import { addressOf } from './address.ts'

describe('the address of a caller', () => {
  for (const [why, peer, forwarded, address] of [
    ['is that of the connection', '192.0.2.7', undefined, '192.0.2.7'],
    ['is written as IPv4 where it is one', '::ffff:192.0.2.7', undefined, '192.0.2.7'],
    ['is what a proxy on this machine wrote', '127.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['is what a proxy in a private network wrote', '::ffff:10.1.2.3', '192.0.2.7', '192.0.2.7'],
    ['is what the nearest proxy wrote, not what the caller claimed to it', '::1', '198.51.100.1, 192.0.2.7', '192.0.2.7'],
    ['is not what a caller from outside claims', '192.0.2.7', '198.51.100.1', '192.0.2.7'],
    ['is what a proxy wrote that adds the port', '10.0.0.4', '198.51.100.1:443, 192.0.2.7:50123', '192.0.2.7'],
    ['is what a proxy wrote that adds the port to IPv6', '10.0.0.4', '[2001:db8:1:2::9]:50123', '2001:db8:1:2'],
    ['is that of the proxy when what it wrote is no address', '127.0.0.1', 'unknown', '127.0.0.1'],
    ['is the network of an IPv6 address', '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2'],
    ['is the network of an IPv6 address written short', '2001:db8::6', undefined, '2001:db8:0:0'],
    ['is the network of an IPv6 address that ends in zeros', '2001:db8:1:2::', undefined, '2001:db8:1:2'],
    ['is what a proxy in a unique local network wrote', 'fd00::1', '2001:db8:1:2::9', '2001:db8:1:2'],
  ] as const) {
    it(why, () => {
      const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
      const request = { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage
      assert.equal(addressOf(request), address)
    })
  }
})
