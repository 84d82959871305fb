/**
 * Bulk requests that are circular or too much (RFC 7644 sections 3.7.1 and 3.7.4).
 */
import { randomUUID } from 'node:crypto'
import { at, listOf, show } from '../json.ts'
import type { Talk } from '../play.ts'
import { MESSAGES, SCHEMAS } from '../urns.ts'
import type { CodedCheck } from './coded.ts'

/** Larger limits than these are believed without a trial. */
const MOST_OPERATIONS = 20_000
const MOST_BYTES = 32 * 1024 * 1024

export const BULK_LIMITS: readonly CodedCheck[] = [
  {
    id: 'rfc/bulk-circle',
    clause: 'RFC 7644 3.7.1',
    level: 'must',
    what: 'two groups that name each other are both made, or it is a conflict',
    why: 'The service provider MUST try to resolve circular references, but MAY stop and return 409.',
    needs: ['bulk', 'groups', 'nested'],
    run: async (talk) => {
      const group = (bulkId: string, other: string) => ({
        method: 'POST',
        path: '/Groups',
        bulkId,
        data: {
          schemas: [SCHEMAS.Group],
          displayName: `${talk.rand} ${bulkId}`,
          members: [{ type: 'Group', value: `bulkId:${other}` }],
        },
      })
      const body = { schemas: [MESSAGES.bulk], Operations: [group('a', 'b'), group('b', 'a')] }
      const { status, json } = await talk.step({ method: 'POST', path: '/Bulk', body, expect: { status: [200, 409] } })
      const statuses = listOf(at(json, '/Operations')).map((operation) => String(at(operation, '/status')))
      if (status === 409 || statuses.includes('409')) return
      talk.expect(statuses.join() === '201,201', '/Operations', '201 for both, or 409', show(json))
      const ids = ['a', 'b'].map(
        (bulkId) => /[^/]+$/.exec(String(at(json, `/Operations/[bulkId=${bulkId}]/location`)))?.[0] ?? '',
      )
      const [a = '', b = ''] = ids
      await talk.get(`/Groups/${a}`, { json: { '/members': { $set: [{ value: b }] } } })
      await talk.get(`/Groups/${b}`, { json: { '/members': { $set: [{ value: a }] } } })
    },
  },
  {
    id: 'rfc/bulk-limits-told',
    clause: 'RFC 7644 3.7.4',
    level: 'must',
    what: 'the most operations and the largest payload are told',
    why: 'The service provider MUST define the maximum number of operations and the maximum payload size.',
    needs: ['bulk'],
    isReadOnly: true,
    run: async (talk) => {
      const positive = { $type: 'integer', $min: 1 } as const
      await talk.get('/ServiceProviderConfig', { json: { '/bulk/maxOperations': positive, '/bulk/maxPayloadSize': positive } })
    },
  },
  {
    id: 'rfc/bulk-too-many',
    clause: 'RFC 7644 3.7.4',
    level: 'must',
    what: 'one operation too many is 413, and the answer names the limit',
    why: 'If a limit is exceeded the service provider MUST return 413 and MUST specify the limit.',
    needs: ['bulk'],
    run: async (talk) => {
      const most = await limitOf(talk, 'maxOperations', MOST_OPERATIONS)
      const nothing = { method: 'DELETE', path: `/Users/${randomUUID()}` }
      await tooMuch(talk, { schemas: [MESSAGES.bulk], Operations: Array.from({ length: most + 1 }, () => nothing) }, most)
    },
  },
  {
    id: 'rfc/bulk-too-large',
    clause: 'RFC 7644 3.7.4',
    level: 'must',
    what: 'a payload that is too large is 413, and the answer names the limit',
    why: 'If a limit is exceeded the service provider MUST return 413 and MUST specify the limit.',
    needs: ['bulk'],
    run: async (talk) => {
      const most = await limitOf(talk, 'maxPayloadSize', MOST_BYTES)
      const operation = { method: 'DELETE', path: `/Users/${randomUUID()}`, bulkId: 'x'.repeat(most) }
      await tooMuch(talk, { schemas: [MESSAGES.bulk], Operations: [operation] }, most)
    },
  },
]

async function limitOf(talk: Talk, name: 'maxOperations' | 'maxPayloadSize', mostTried: number): Promise<number> {
  const { json } = await talk.get('/ServiceProviderConfig')
  const limit = Number(at(json, `/bulk/${name}`))
  if (!(limit > 0 && limit <= mostTried)) return talk.notOffered(`bulk.${name} is ${limit}: a trial would be too much`)
  return limit
}

async function tooMuch(talk: Talk, body: { schemas: string[]; Operations: { method: string; path: string }[] }, limit: number) {
  const { text } = await talk.step({ method: 'POST', path: '/Bulk', body, expect: { status: 413, json: { '/status': '413' } } })
  talk.expect(text.replaceAll(/[,. _]/g, '').includes(String(limit)), 'body', `the limit ${limit}`, text)
}
