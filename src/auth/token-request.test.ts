import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readTokenRequest } from './token-request.ts'

const FORM = 'application/x-www-form-urlencoded'

function read(body: string | Uint8Array<ArrayBuffer>, headers: { readonly [name: string]: string } = {}) {
  const all = { 'content-type': FORM, ...headers }
  return readTokenRequest(new Request('http://127.0.0.1/', { method: 'POST', body, headers: all }))
}

const form = (fields: { readonly [name: string]: string }) => new URLSearchParams(fields).toString()
const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${form({ '': id }).slice(1)}:${form({ '': secret }).slice(1)}`).toString('base64')}`

describe('a request for a token', () => {
  it('is read whichever way the client shows its secret', async () => {
    const grant = { grant_type: 'client_credentials' }
    const text = fc.string({ minLength: 1, unit: 'grapheme' })
    await fc.assert(
      fc.asyncProperty(text, text, async (client, secret) => {
        const expected = { kind: 'ok', grantType: 'client_credentials', scopes: [], proof: { kind: 'secret', client, secret } }
        assert.deepEqual(await read(form(grant), { authorization: basic(client, secret) }), expected)
        assert.deepEqual(await read(form({ ...grant, client_id: client, client_secret: secret })), expected)
      }),
    )
  })

  it('is read or refused, whatever is sent', async () => {
    const name = fc.constantFrom(
      'grant_type',
      'client_id',
      'client_secret',
      'client_assertion',
      'client_assertion_type',
      'scope',
      'x',
    )
    const fields = fc.array(fc.tuple(name, fc.string({ unit: 'binary' })), { maxLength: 40 })
    const body = fc.oneof(
      fields.map((pairs) => new URLSearchParams(pairs).toString()),
      fc.string({ unit: 'binary' }),
      fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
    )
    const authorization = fc.option(
      fc.oneof(
        fc.string(),
        fc.base64String().map((text) => `Basic ${text}`),
      ),
    )
    const type = fc.constantFrom(FORM, `${FORM};charset=utf-8`, FORM.toUpperCase(), 'text/plain', '')
    await fc.assert(
      fc.asyncProperty(body, authorization, type, async (sent, header, contentType) => {
        const headers: Record<string, string> = { 'content-type': contentType }
        if (header !== null && /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(header)) headers.authorization = header
        assert.ok(['ok', 'refused'].includes((await read(sent, headers)).kind))
      }),
    )
  })

  for (const [why, body, headers, expected] of [
    ['takes an empty field for left out', 'grant_type=&scope=', {}, { kind: 'refused', status: 400 }],
    ['knows no field of the address', 'scope=scim', {}, { kind: 'refused', status: 400 }],
    ['is not JSON', '{}', { 'content-type': 'application/json' }, { kind: 'refused', status: 400 }],
    [
      'is not packed',
      'grant_type=x',
      { 'content-encoding': 'gzip' },
      { status: 415, headers: { 'accept-encoding': 'identity' } },
    ],
    ['has a type', 'grant_type=x', { 'content-type': '' }, { kind: 'refused', status: 400 }],
    ['names no field twice', 'grant_type=x&scope=a&scope=b', {}, { kind: 'refused', detail: 'a field of the body comes twice' }],
    ['splits scopes', 'grant_type=x&scope=scim+api', {}, { kind: 'ok', scopes: ['scim', 'api'], proof: undefined }],
    ['needs both halves of a secret', 'grant_type=x&client_id=a', {}, { kind: 'ok', proof: undefined }],
    ['needs the type of an assertion', 'grant_type=x&client_assertion=a', {}, { kind: 'ok', proof: undefined }],
    [
      'does not take a secret and an assertion for more than one of them',
      'grant_type=x&client_id=a&client_secret=b&client_assertion=c&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer',
      {},
      { kind: 'refused', detail: 'the client proves itself in more than one way' },
    ],
    ['takes a broken header for none', 'grant_type=x', { authorization: 'Basic YQ==' }, { kind: 'ok', proof: undefined }],
    ['knows no other scheme', 'grant_type=x', { authorization: 'Digest YTpi' }, { kind: 'ok', proof: undefined }],
  ] as const)
    it(why, async () => assert.partialDeepStrictEqual(await read(body, headers), expected))
})
