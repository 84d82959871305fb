/**
 * Groups over SCIM, for tests: people and groups made, and who is in what, as a client sees it.
 */
import assert from 'node:assert/strict'
import type { Endpoint } from './scim-endpoint.ts'

export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group'

export type Member = { readonly value: string; readonly type: string; readonly display: string; readonly $ref: string }
export type Call = Endpoint['call']

/** @returns the id of what is made */
export async function made(call: Call, path: '/Users' | '/Groups', body: object, headers = {}): Promise<string> {
  const answer = await call('POST', path, body, headers)
  assert.equal(answer.status, 201, answer.text)
  return answer.json.id
}

export const aUser = (call: Call, userName: string) => made(call, '/Users', { userName })
export const aGroup = (call: Call, displayName: string, ...ids: readonly string[]) =>
  made(call, '/Groups', { displayName, members: ids.map((value) => ({ value })) })

export async function membersOf(call: Call, id: string, headers = {}): Promise<string[]> {
  const { json } = await call('GET', `/Groups/${id}`, undefined, headers)
  return (json.members ?? []).map(({ value }: Member) => value)
}

/** `Staff direct`, of each group of a user. */
export async function groupsOf(call: Call, id: string): Promise<string[]> {
  const { json } = await call('GET', `/Users/${id}`)
  return (json.groups ?? []).map(({ display, type }: { display: string; type: string }) => `${display} ${type}`)
}

export const etagOf = async (call: Call, path: string) => (await call('GET', path)).headers.get('etag')
