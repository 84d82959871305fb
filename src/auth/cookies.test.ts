import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cookies } from './cookies.ts'

const SESSION = { name: 'session-north', sameSite: 'lax' } as const
const BROWSER = { name: 'sign-in', sameSite: 'none', maxAgeSeconds: 900 } as const

function asking(cookie?: string): Request {
  return new Request('https://roll.uni.edu/', cookie === undefined ? {} : { headers: { cookie } })
}

describe('a cookie', () => {
  for (const [why, isPlain, kind, line] of [
    [
      'is for this origin alone, over TLS alone, and for no script',
      false,
      SESSION,
      '__Host-session-north=v; Path=/; HttpOnly; Secure; SameSite=Lax',
    ],
    [
      'may come with a form of another site',
      false,
      BROWSER,
      '__Host-sign-in=v; Max-Age=900; Path=/; HttpOnly; Secure; SameSite=None',
    ],
    ['goes without TLS where everything can be tried', true, SESSION, 'session-north=v; Path=/; HttpOnly; SameSite=Lax'],
    ['is left to the browser there when it should come with a form', true, BROWSER, 'sign-in=v; Max-Age=900; Path=/; HttpOnly'],
  ] as const) {
    it(why, () => {
      const parts = (text: string) => text.split('; ').sort()
      assert.deepEqual(parts(cookies(isPlain).set(kind, 'v')), parts(line))
      assert.match(cookies(isPlain).clear(kind), /=; .*Max-Age=0/)
    })
  }

  for (const [why, header, value] of [
    ['is read among others', 'a=1; __Host-session-north=v; b=2', 'v'],
    ['is not read without its prefix, which a subdomain could set', 'session-north=v', undefined],
    ['is not one of a name that only ends like it', 'x__Host-session-north=v', undefined],
    ['is nothing where none came', undefined, undefined],
  ] as const) {
    it(why, () => assert.equal(cookies(false).get(SESSION, asking(header)), value))
  }
})
