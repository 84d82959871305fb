/**
 * Bulk requests over SCIM, for tests: operations in short, and what is told of them.
 */
import assert from 'node:assert/strict'
import type { Store } from '../src/store/store.ts'
import { endpoint } from './scim-endpoint.ts'

const RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse'
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

export type Told = {
  readonly status: string
  readonly bulkId?: string
  readonly location?: string
  readonly version?: string
  readonly response?: { readonly detail: string; readonly status: string; readonly scimType?: string }
}

export const user = (bulkId: string, more: object = {}) => ({
  method: 'POST',
  path: '/Users',
  bulkId,
  data: { userName: bulkId, ...more },
})
export const group = (bulkId: string, ...members: readonly string[]) => ({
  method: 'POST',
  path: '/Groups',
  bulkId,
  data: { displayName: bulkId, members: members.map((value) => ({ value })) },
})
export const manager = (value: string) => ({ [ENTERPRISE]: { manager: { value } } })
export const idOf = ({ location = '' }: Told) => location.slice(location.lastIndexOf('/') + 1)

/** An endpoint of an institution of its own, and ways to send it operations. */
export function bulkEndpoint(store: Store) {
  const { call, institution, failures } = endpoint(store)
  async function bulk(Operations: readonly unknown[], more: object = {}): Promise<Told[]> {
    const { status, json, text } = await call('POST', '/Bulk', { ...more, Operations })
    assert.equal(status, 200, text)
    assert.deepEqual(json.schemas, [RESPONSE])
    return json.Operations
  }
  const statuses = async (Operations: readonly unknown[], more: object = {}) =>
    (await bulk(Operations, more)).map(({ status }) => status)
  return { call, bulk, statuses, institution, failures }
}
