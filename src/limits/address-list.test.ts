import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressList, rangeFault } from './address-list.ts'

describe('a range of addresses', () => {
  for (const right of ['192.0.2.17', '192.0.2.0/24', '192.0.2.17/24', '0.0.0.0/0', '2001:db8::', '2001:db8::/32', '::1/128'])
    it(`may be ${right}`, () => assert.equal(rangeFault(right), undefined))

  for (const [wrong, reason] of [
    ['', /^is no address; it should be an address or a range, for example/],
    ['192.0.2', /^is no address/],
    ['192.0.2.256', /^is no address/],
    ['192.0.02.1', /^is no address/],
    ['192.0.2.1/24/8', /^is no address/],
    ['192.0.2.0/33', /^has the prefix "\/33"; it should be a number from \/0 to \/32/],
    ['192.0.2.0/', /^has the prefix "\/"/],
    ['192.0.2.0/-1', /^has the prefix/],
    ['192.0.2.0/255.255.255.0', /^has the prefix/],
    ['2001:db8::/129', /from \/0 to \/128/],
    ['fe80::1%eth0', /^has a zone/],
    ['192.0.2.1-192.0.2.9', /^is written with a hyphen/],
    ['sis.uni.edu', /^is a name; it should be an address/],
    [' 192.0.2.1', /^is no address/],
  ] as const)
    it(`is not "${wrong}"`, () => assert.match(rangeFault(wrong) ?? '', reason))
})

describe('a list of addresses', () => {
  const isIn = addressList(['192.0.2.128/25', '198.51.100.7', '2001:db8:1::/48', '::ffff:203.0.113.0/120'])
  for (const [address, expected] of [
    ['192.0.2.127', false],
    ['192.0.2.128', true],
    ['192.0.2.255', true],
    ['198.51.100.7', true],
    ['198.51.100.8', false],
    ['2001:db8:1:ffff::9', true],
    ['2001:db8:2::', false],
    ['::ffff:192.0.2.200', true],
    ['::ffff:192.0.2.1', false],
    ['::ffff:c000:2c8', true],
    ['203.0.113.9', true],
    ['2001:db8:1::5%eth0', true],
    ['no address', false],
  ] as const)
    it(`${expected ? 'has' : 'lacks'} ${address}`, () => assert.equal(isIn(address), expected))

  it('that is empty has none', () => assert.equal(addressList([])('192.0.2.1'), false))
})
