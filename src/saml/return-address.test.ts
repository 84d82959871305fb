import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { targetFor, withCode } from './return-address.ts'

const REGISTERED = ['https://app.uni.edu/return', 'https://Portal.uni.edu', 'https://app.uni.edu/other?a=1']

describe('where a sign-in may lead', () => {
  for (const [why, asked, target] of [
    ['an address that is registered', 'https://app.uni.edu/return', { kind: 'registered', url: 'https://app.uni.edu/return' }],
    ['the same address, written otherwise', 'https://portal.uni.edu/', { kind: 'registered', url: 'https://Portal.uni.edu' }],
    ['a path here', '/groups/12?tab=a#b', { kind: 'local', path: '/groups/12?tab=a#b' }],
    ['the root here', '/', { kind: 'local', path: '/' }],
  ] as const) {
    it(why, () => assert.deepEqual(targetFor(asked, REGISTERED), target))
  }

  for (const [why, asked] of [
    ['another site', 'https://evil.example/'],
    ['a site that only begins like a registered one', 'https://app.uni.edu.evil.example/return'],
    ['a registered host as a user name', 'https://app.uni.edu@evil.example/return'],
    ['another path of a registered site', 'https://app.uni.edu/elsewhere'],
    ['a registered path with more behind it', 'https://app.uni.edu/return/../elsewhere'],
    ['a registered path with a query of its own', 'https://app.uni.edu/return?next=https://evil.example'],
    ['a registered address without TLS', 'http://app.uni.edu/return'],
    ['another port', 'https://app.uni.edu:8443/return'],
    ['a path that is a host', '//evil.example/'],
    ['a path that browsers take for a host', '/\\evil.example/'],
    ['a path that becomes a host when it is resolved', '/..//evil.example/'],
    ['a path that becomes a host when it is resolved, written in escapes', '/%2e%2e//evil.example/'],
    ['a path with a line end', '/a\r\nset-cookie: x'],
    ['a path with a tab, which browsers leave out', '/\t/evil.example/'],
    ['a path with a blank', '/ /evil.example/'],
    ['a path in letters that headers cannot hold', '/ä'],
    ['a script', 'javascript:alert(1)'],
    ['a page of data', 'data:text/html,x'],
    ['a relative path', 'home'],
    ['nothing', ''],
    ['an address without end', `/${'a'.repeat(4000)}`],
  ] as const) {
    it(`is not ${why}`, () => assert.equal(targetFor(asked, REGISTERED), undefined))
  }

  it('is never another origin than this one and the registered ones, however it is written', () => {
    const pieces = fc.constantFrom(
      '/',
      '\\',
      '.',
      '%2e',
      '%2f',
      '%5c',
      '@',
      ':',
      '#',
      '?',
      '\t',
      '\n',
      'evil.example',
      'https:',
      'app.uni.edu',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (all) => {
        const target = targetFor(all.join(''), REGISTERED)
        if (target?.kind !== 'local') return
        const here = 'https://roll.uni.edu'
        assert.equal(new URL(target.path, `${here}/institutions/a/saml/acs`).origin, here)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the way back to a platform', () => {
  for (const [url, state, location] of [
    ['https://app.uni.edu/return', undefined, 'https://app.uni.edu/return?code=C'],
    ['https://app.uni.edu/return?a=1', 'x&y', 'https://app.uni.edu/return?a=1&code=C&state=x%26y'],
    ['https://app.uni.edu/return?code=old', undefined, 'https://app.uni.edu/return?code=C'],
  ] as const) {
    it(`is ${location}`, () => assert.equal(withCode(url, 'C', state), location))
  }
})
