/**
 * What the driver and the server report, as the StoreError that the person who runs the server can act on.
 * No message holds the address: it may contain a password.
 */
import {
  MongoBulkWriteError,
  MongoCompatibilityError,
  MongoError,
  MongoErrorLabel,
  MongoInvalidArgumentError,
  MongoMissingDependencyError,
  MongoNetworkError,
  MongoParseError,
  MongoRuntimeError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from 'mongodb'
import { hasCode, isSystemError } from '../../file-errors.ts'
import type { StoreFault } from '../store.ts'
import { StoreError } from '../store.ts'

const DUPLICATE_KEY = 11000

/** Atlas names many things so, a wrong password among them. */
const ATLAS_ERROR = 8000

/** What a server answers that does not know an option of an index: NotImplemented, CannotCreateIndex, InvalidOptions, CommandNotSupported. */
const NOT_KNOWN: ReadonlySet<number> = new Set([238, 67, 72, 115])

const NO_PRIMARY = ['unavailable', 'has no primary: most members of its replica set have to run and reach each other'] as const

/** https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
const CODES: { readonly [code: number]: readonly [StoreFault, string] } = {
  6: ['unavailable', 'cannot reach one of its members'],
  7: ['unavailable', 'cannot reach one of its members'],
  13: ['unusable', 'does not let this user do what is needed: give it the role readWrite on the database'],
  18: ['unusable', 'does not accept user name and password: check them, and authSource'],
  20: ['unusable', 'cannot do what is needed: is it a replica set or a mongos?'],
  26: ['unavailable', 'has lost a collection: start again'],
  50: ['tooSlow', 'took too long: ask for less, or by an indexed attribute'],
  64: ['unavailable', 'could not confirm a write on most of its members in time'],
  73: ['unusable', 'can have no database of this name: give it another one in the address'],
  79: ['unusable', 'does not know the write concern'],
  85: ['unusable', 'has an index of another name, or of another kind, where one of ours belongs: drop it'],
  86: ['unusable', 'has another index under the name of one of ours: drop it'],
  89: ['unavailable', 'cannot reach one of its members'],
  91: ['unavailable', 'is shutting down'],
  96: ['tooSlow', 'could not finish: ask for less, or by an indexed attribute'],
  100: ['unavailable', 'has too few members running to confirm a write'],
  133: NO_PRIMARY,
  134: ['unavailable', 'is not ready yet'],
  189: NO_PRIMARY,
  262: ['tooSlow', 'took too long: ask for less, or by an indexed attribute'],
  292: ['tooSlow', 'would need too much memory: ask for less, or by an indexed attribute'],
  9001: ['unavailable', 'cannot reach one of its members'],
  10107: NO_PRIMARY,
  11600: ['unavailable', 'is shutting down'],
  11602: ['unavailable', 'is choosing another primary'],
  13297: ['unusable', 'has a database whose name differs in capital letters only: write it in the address as it is there'],
  13435: NO_PRIMARY,
  13436: NO_PRIMARY,
  14031: ['unusable', 'has no room left on its disk'],
}

/**
 * LockTimeout, CursorNotFound, NoProgressMade, WriteConflict, ConflictingOperationInProgress, QueryPlanKilled,
 * NetworkInterfaceExceededTimeLimit, CursorKilled, TemporarilyUnavailable, IngressRequestRateLimitExceeded, Interrupted, StaleConfig.
 */
const PASSING: ReadonlySet<number> = new Set([24, 43, 82, 112, 117, 175, 202, 237, 365, 462, 11601, 13388])

/**
 * @param error whatever was thrown, or the error of one write
 * @param where hosts and database, for the message
 */
export function storeError(error: unknown, where: string): unknown {
  if (error instanceof StoreError || error instanceof TypeError) return error
  const options = { cause: error }
  const reason = error instanceof Error ? error.message : ''
  if (isTooOld(error))
    return new StoreError('unusable', `MongoDB at ${where} is too old: version 4.4 or later is needed`, options)
  if (isOfAddress(error)) return addressError(error)
  const code = codeOf(error)
  const known = faultOfSelection(error) ?? CODES[code === ATLAS_ERROR ? codeOfAtlas(reason) : code]
  if (known !== undefined && /requires authentication/i.test(reason)) {
    return new StoreError(
      'unusable',
      `MongoDB at ${where} asks for a user name and a password: put them into its address`,
      options,
    )
  }
  if (known !== undefined) return new StoreError(known[0], `MongoDB at ${where} ${known[1]}`, options)
  if (/no space left|disk full|out of disk|space quota/i.test(reason)) {
    return new StoreError('unusable', `MongoDB at ${where} has no room left on its disk`, options)
  }
  if (isOutOfReach(error))
    return new StoreError(
      'unavailable',
      `MongoDB at ${where} cannot be reached (${reason}): does it run, and is this its address?`,
      options,
    )
  if (isTooLarge(error)) return new StoreError('unusable', `MongoDB at ${where} holds no document as large as this one`, options)
  if (isPassing(error)) return new StoreError('unavailable', `MongoDB at ${where} could not do it now (code ${code})`, options)
  if (isSystemError(error)) {
    return new StoreError('unusable', `a file that the address of MongoDB names cannot be read (${reason})`, options)
  }
  // The server's words may quote a document.
  return new StoreError('unusable', `MongoDB at ${where} refused a request (code ${code})`, options)
}

/** Whether the address asks for what this program, or that server, does not know. */
function isOfAddress(error: unknown): boolean {
  return [MongoParseError, MongoMissingDependencyError, MongoCompatibilityError].some((type) => error instanceof type)
}

/** What is wrong with a server that answers, and is none to write to all the same. */
function faultOfSelection(error: unknown): readonly [StoreFault, string] | undefined {
  if (!(error instanceof MongoServerSelectionError) || error.reason === undefined) return undefined
  const { type, servers } = error.reason
  if (type === 'ReplicaSetNoPrimary' && servers.size === 0) {
    return ['unusable', 'is no member of the replica set that its address names: check replicaSet']
  }
  const types = new Set<string>([...servers.values()].map((one) => one.type))
  if (types.has('RSGhost')) return ['unavailable', 'is of no replica set yet: has rs.initiate() been run?']
  return types.has('RSSecondary') ? NO_PRIMARY : undefined
}

function codeOfAtlas(reason: string): number {
  if (/not allowed|not authorized/i.test(reason)) return 13
  return /auth/i.test(reason) ? 18 : ATLAS_ERROR
}

/** What is wrong with an address, found before anybody was asked. The driver's words repeat no password but among hosts. */
export function addressError(error: unknown): StoreError {
  const reason = error instanceof Error && !(error instanceof MongoRuntimeError) ? error.message : 'its hosts cannot be read'
  const hint = /unescaped|malformed|invalid connection/i.test(reason) ? `; ${ESCAPES}` : ''
  return new StoreError('unusable', `this is no address of MongoDB: ${reason}${hint}`, { cause: error })
}

const ESCAPES = 'in its user name and password, @ is written as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25'

/** Whether an earlier try may have been done, or a later one may be: the connection, the election, the waiting. */
export function isPassing(error: unknown): boolean {
  if (isUnconfirmed(error)) return true
  if (isOutOfReach(error) || PASSING.has(codeOf(error)) || CODES[codeOf(error)]?.[0] === 'unavailable') return true
  return error instanceof MongoError && error.hasErrorLabel(MongoErrorLabel.RetryableWriteError)
}

/** Whether all was done, but may not be on most members. Tried again, it would be in its own way. */
export function isUnconfirmed(error: unknown): boolean {
  if (error instanceof MongoBulkWriteError) return error.result.getWriteConcernError() !== undefined
  return error instanceof MongoWriteConcernError
}

export function isDuplicate(error: unknown): boolean {
  if (codeOf(error) === DUPLICATE_KEY) return true
  // FerretDB on SQLite, anywhere but at an insert.
  return error instanceof Error && error.message.includes('UNIQUE constraint failed')
}

export function isNotKnown(error: unknown): boolean {
  return NOT_KNOWN.has(codeOf(error))
}

export function codeOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number' ? error.code : 0
}

/** BSONObjectTooLarge, what an update would make too large, and what the driver does not send. */
function isTooLarge(error: unknown): boolean {
  if ([10334, 17419, 17420].includes(codeOf(error)) || hasCode(error, 'ERR_OUT_OF_RANGE')) return true
  return error instanceof MongoInvalidArgumentError && error.message.includes('larger than the maximum size')
}

function isTooOld(error: unknown): boolean {
  const text = error instanceof Error ? error.message : ''
  return (error instanceof MongoCompatibilityError || error instanceof MongoServerSelectionError) && /wire version/.test(text)
}

/** Whether names could not be resolved: a `mongodb+srv` address is a name for several. */
function isOfNames(error: unknown): boolean {
  return isSystemError(error) && error.syscall.startsWith('query')
}

function isOutOfReach(error: unknown): boolean {
  if (error instanceof MongoServerSelectionError || error instanceof MongoNetworkError || isOfNames(error)) return true
  // What breaks the connection under a bulk write is wrapped, and only what a server says has a code.
  if (error instanceof MongoBulkWriteError) return error.code === undefined
  return (
    error instanceof MongoError &&
    /^Mongo(Topology|Pool|NotConnected|ClientClosed|ConnectionPool|WaitQueue|OperationTimeout)/.test(error.name)
  )
}
