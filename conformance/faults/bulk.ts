/**
 * Faults in bulk requests.
 */
import type { JsonObject } from '../json.ts'
import { isObject, listOf } from '../json.ts'
import type { Fault, Serve } from './fault.ts'
import { answering, at, bodies, error, sending, status, without } from './fault.ts'

const BULK = at(/^\/Bulk$/)

/** Each result of an answer, changed. */
const results = (change: (result: JsonObject) => JsonObject | undefined) =>
  bodies(BULK, (body) => {
    if (body.Operations === undefined) return body
    return { ...body, Operations: listOf(body.Operations).flatMap((one) => (isObject(one) ? (change(one) ?? []) : [])) }
  })

/** The operations of a request, changed. */
const operations = (change: (operations: readonly JsonObject[]) => readonly JsonObject[]) =>
  sending(BULK, (body) => ({ ...body, Operations: change(listOf(body.Operations).filter(isObject)) }))

/** In all texts of an operation. */
function replaced(operation: JsonObject, from: string | RegExp, to: string): JsonObject {
  return JSON.parse(JSON.stringify(operation).replaceAll(from, to)) as JsonObject
}

export const BULK_FAULTS: readonly Fault[] = [
  { name: 'answers a bulk with 207', caughtBy: ['rfc/bulk', 'rfc/bulk-results'], serve: status(200, 207, BULK) },
  {
    name: 'writes the status of an operation as a number',
    caughtBy: ['rfc/bulk', 'rfc/bulk-results', 'rfc/bulk-all-methods'],
    serve: results((result) => ({ ...result, status: Number(result.status) })),
  },
  {
    name: 'wraps the status of an operation in an object',
    caughtBy: ['rfc/bulk-results'],
    serve: results((result) => ({ ...result, status: { code: result.status ?? null } })),
  },
  {
    name: 'does not say bulkId back',
    caughtBy: ['rfc/bulk', 'rfc/bulk-results'],
    serve: results((result) => without(result, 'bulkId')),
  },
  {
    name: 'tells no addresses',
    caughtBy: ['rfc/bulk-results', 'rfc/bulk-all-methods'],
    serve: results((result) => without(result, 'location')),
  },
  {
    name: 'tells no errors',
    caughtBy: ['rfc/bulk-goes-on', 'rfc/bulk-missing'],
    serve: results((result) => without(result, 'response')),
  },
  {
    name: 'leaves out what failed',
    caughtBy: ['rfc/bulk-goes-on', 'rfc/bulk-stops'],
    serve: results((result) => (Number(result.status) > 399 ? undefined : result)),
  },
  {
    name: 'stops at the first error',
    caughtBy: ['rfc/bulk-goes-on'],
    serve: sending(BULK, (body) => ({ ...body, failOnErrors: 1 })),
  },
  { name: 'ignores failOnErrors', caughtBy: ['rfc/bulk-stops'], serve: sending(BULK, (body) => without(body, 'failOnErrors')) },
  { name: 'does operations backwards', caughtBy: ['rfc/bulk-in-order'], serve: operations((all) => all.toReversed()) },
  {
    name: 'keeps a bulkId for an id',
    caughtBy: ['rfc/bulk-unknown-id'],
    serve: operations((all) => all.map((one) => replaced(one, /"members":\[\{"value":"bulkId:nobody"\}\]/g, '"members":[]'))),
  },
  { name: 'knows no bulkId that comes later', caughtBy: ['rfc/bulk-forward'], serve: forgetsWhatComesLater() },
  {
    name: 'knows no bulkId in an extension',
    caughtBy: ['rfc/bulk-manager'],
    serve: operations((all) => all.map((one) => replaced(one, /"manager":\{"value":"bulkId:boss"\}/g, '"department":"none"'))),
  },
  {
    name: 'knows no bulkId in a path',
    caughtBy: ['rfc/bulk-id-in-path'],
    serve: operations((all) => all.map((one) => replaced(one, '/Groups/bulkId:', '/Groups/no-'))),
  },
  {
    name: 'makes one group of a circle',
    caughtBy: ['rfc/bulk-circle'],
    serve: operations((all) =>
      all.map((one) => (one.bulkId === 'b' ? replaced(one, /"members":\[[^\]]*\]/g, '"members":[]') : one)),
    ),
  },
  {
    name: 'ignores versions in a bulk',
    caughtBy: ['rfc/bulk-version'],
    serve: operations((all) => all.map((one) => without(one, 'version'))),
  },
  {
    name: 'refuses too many operations with 400',
    caughtBy: ['rfc/bulk-too-many', 'rfc/bulk-too-large'],
    serve: status(413, 400, BULK),
  },
  {
    name: 'does not name the limit',
    caughtBy: ['rfc/bulk-too-many', 'rfc/bulk-too-large'],
    serve: answering(BULK, (reply) => (reply.status === 413 ? error(413) : reply)),
  },
  {
    name: 'tells no limits of a bulk',
    caughtBy: ['rfc/bulk-limits-told'],
    serve: bodies(at(/^\/ServiceProviderConfig$/), (body) => ({
      ...body,
      bulk: { supported: true, maxOperations: 0, maxPayloadSize: 0 },
    })),
  },
  { name: 'takes a bulk without operations', caughtBy: ['rfc/bulk-malformed'], serve: status(400, 200, BULK) },
  {
    name: 'returns passwords from a bulk',
    caughtBy: ['rfc/bulk-password'],
    serve: results((result) => ({ ...result, response: { password: 'secret' } })),
  },
]

/** A reference is left out whose bulkId a later operation makes. */
function forgetsWhatComesLater(): Serve {
  return operations((all) => {
    const known = new Set<unknown>()
    return all.map((one) => {
      const text = JSON.stringify(one).replace(/\{"value":"bulkId:(\w+)","type":"User"\}/g, (whole, id: string) =>
        known.has(id) ? whole : '',
      )
      known.add(one.bulkId)
      return JSON.parse(text) as JsonObject
    })
  })
}
