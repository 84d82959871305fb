import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readForm } from './form.ts'

const FORM = 'application/x-www-form-urlencoded'
const RESPONSE = 'SAMLResponse=PHg%2BPC94Pg%3D%3D'

function post(
  body: string | Uint8Array<ArrayBuffer>,
  { type = FORM, query = '', headers = {} }: { type?: string; query?: string; headers?: object } = {},
) {
  return readForm(
    new Request(`http://127.0.0.1/acs${query}`, {
      method: 'POST',
      body,
      headers: { ...headers, ...(type !== '' && { 'content-type': type }) },
    }),
  )
}

describe('the form of a response', () => {
  for (const [why, body, more, form] of [
    ['is read', RESPONSE, {}, { SAMLResponse: 'PHg+PC94Pg==' }],
    ['may have a RelayState', `${RESPONSE}&RelayState=%2Fhome`, {}, { SAMLResponse: 'PHg+PC94Pg==', RelayState: '/home' }],
    ['may have fields that mean nothing here', `a=1&${RESPONSE}&b=2`, {}, { SAMLResponse: 'PHg+PC94Pg==' }],
    ['may say that it is UTF-8', RESPONSE, { type: `${FORM}; charset=UTF-8` }, { SAMLResponse: 'PHg+PC94Pg==' }],
    [
      'may say that it is not compressed',
      RESPONSE,
      { headers: { 'content-encoding': 'identity' } },
      { SAMLResponse: 'PHg+PC94Pg==' },
    ],
    ['may have a type in capitals', RESPONSE, { type: 'Application/X-WWW-Form-URLEncoded' }, { SAMLResponse: 'PHg+PC94Pg==' }],
  ] as const) {
    it(why, async () => assert.deepEqual(await post(body, more), { kind: 'ok', form }))
  }

  for (const [why, body, more, status] of [
    ['of another type', RESPONSE, { type: 'text/plain' }, 415],
    ['of a type that only begins like it', RESPONSE, { type: `${FORM}-not` }, 415],
    ['as multipart', 'x', { type: 'multipart/form-data; boundary=x' }, 415],
    ['in another encoding', RESPONSE, { type: `${FORM}; charset=utf-16` }, 415],
    ['compressed', RESPONSE, { headers: { 'content-encoding': 'gzip' } }, 415],
    ['with a response in the address as well', RESPONSE, { query: '?SAMLResponse=x' }, 400],
    ['with a request in the address', RESPONSE, { query: '?SAMLRequest=x' }, 400],
    ['with a RelayState in the address', RESPONSE, { query: '?RelayState=%2Fx' }, 400],
    ['without a response', 'RelayState=x', {}, 400],
    ['with an empty response', 'SAMLResponse=', {}, 400],
    ['with nothing in it', '', {}, 400],
    ['with two responses', `${RESPONSE}&${RESPONSE}`, {}, 400],
    ['with two RelayStates', `${RESPONSE}&RelayState=a&RelayState=b`, {}, 400],
    ['with a request beside the response', `${RESPONSE}&SAMLRequest=x`, {}, 400],
    ['with an artifact beside the response', `${RESPONSE}&SAMLart=x`, {}, 400],
    ['with more than 20 fields', `${RESPONSE}${'&a=1'.repeat(20)}`, {}, 400],
    ['with a flood of fields', `${RESPONSE}${'&'.repeat(250_000)}`, {}, 400],
    ['that is larger than 256 kB', `SAMLResponse=${'A'.repeat(256 * 1024)}`, {}, 413],
    ['that is not UTF-8', new Uint8Array([0x53, 0xff]), {}, 400],
  ] as const) {
    it(`is refused ${why}`, async () => {
      const read = await post(body, more)
      assert.equal(read.kind === 'refused' && read.status, status)
    })
  }
})
