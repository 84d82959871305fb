import assert from 'node:assert/strict'
import type { Server } from 'node:net'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { BSON, MongoErrorLabel, MongoServerError } from 'mongodb'
import type { StoreFault } from '../store.ts'
import { StoreError } from '../store.ts'
import { isPassing, storeError } from './faults.ts'
import { openMongo } from './open.ts'

const serverError = (code: number, message = '') => new MongoServerError({ message, errmsg: message, code })

function retryable(error: MongoServerError): MongoServerError {
  error.addErrorLabel(MongoErrorLabel.RetryableWriteError)
  return error
}

/** Of a `mongodb+srv` address. */
function unknownName(): Error {
  const code = 'ENOTFOUND'
  return Object.assign(new Error(`querySrv ${code} _mongodb._tcp.db.uni.edu`), { code, syscall: 'querySrv' })
}

describe('what MongoDB reports', () => {
  for (const [why, error, fault, says] of [
    ['a wrong password', serverError(18, 'Authentication failed.'), 'unusable', /does not accept user name and password/],
    ['a wrong password on Atlas', serverError(8000, 'bad auth : authentication failed'), 'unusable', /does not accept user name/],
    ['a missing password', serverError(13, 'command find requires authentication'), 'unusable', /asks for a user name/],
    ['missing rights', serverError(13, 'not authorized on roll to execute command'), 'unusable', /role readWrite/],
    ['missing rights on Atlas', serverError(8000, 'user is not allowed to do action [insert]'), 'unusable', /role readWrite/],
    ['a member that a mongos cannot reach', serverError(6, 'shard0 is down'), 'unavailable', /cannot reach one of its members/],
    ['a name that means no server', unknownName(), 'unavailable', /cannot be reached \(querySrv ENOTFOUND _mongodb/],
    ['what may be tried again', retryable(serverError(112, 'ada@uni.edu')), 'unavailable', /could not do it now \(code 112\)$/],
    ['an index that somebody made', serverError(85, 'Index already exists with a different name'), 'unusable', /drop it$/],
    ['a name no database can have', serverError(73, 'Invalid database name'), 'unusable', /no database of this name/],
    ['a name in other letters', serverError(13297, 'db already exists with different case'), 'unusable', /capital letters only/],
    ['a page that was lost in an election', serverError(43, 'cursor id 1 not found'), 'unavailable', /now \(code 43\)$/],
    ['a full disk', serverError(14031, 'available disk space of 1 bytes is less than'), 'unusable', /no room left/],
    ['a full disk, by its words', serverError(1, 'write: No space left on device'), 'unusable', /no room left/],
    ['a used up quota', serverError(8000, 'you are over your space quota'), 'unusable', /no room left/],
    ['a question that takes too long', serverError(50, 'operation exceeded time limit'), 'tooSlow', /took too long/],
    ['an election', serverError(10107, 'not primary'), 'unavailable', /no primary/],
    ['too few members', serverError(100, 'Not enough data-bearing nodes'), 'unavailable', /too few members/],
    [
      'anything else, without the words that may hold data',
      serverError(9, 'ada@uni.edu'),
      'unusable',
      /refused a request \(code 9\)$/,
    ],
  ] as const satisfies readonly (readonly [string, Error, StoreFault, RegExp])[]) {
    it(`tells of ${why}`, () => {
      const told = storeError(error, 'db.uni.edu:27017/roll')
      assert.ok(told instanceof StoreError)
      assert.equal(told.fault, fault)
      assert.match(told.message, says)
      assert.match(told.message, /^MongoDB at db\.uni\.edu:27017\/roll /)
      assert.doesNotMatch(told.message, /ada@/)
    })
  }

  it('passes on what is a slip of ours', () => {
    const slip = new TypeError('not a path')
    assert.equal(storeError(slip, ''), slip)
  })

  it('knows what may be over at the next try', () => {
    assert.ok(isPassing(serverError(189)))
    assert.ok(!isPassing(serverError(18)))
  })
})

describe('opening MongoDB', () => {
  it('says which host cannot be reached, and no password', async () => {
    const port = await portOf(createServer(), true)
    const uri = `mongodb://ada:secret@127.0.0.1:${port}/roll?serverSelectionTimeoutMS=200`
    const error = await failure(uri)
    assert.equal(error.fault, 'unavailable')
    assert.match(error.message, new RegExp(`MongoDB at 127.0.0.1:${port}/roll cannot be reached`))
    assert.doesNotMatch(error.message, /secret/)
  })

  it('names the version that a server would need', async () => {
    const error = await failureAt(() => ({ isWritablePrimary: true, maxWireVersion: 8 }))
    assert.equal(error.fault, 'unusable')
    assert.match(error.message, /too old: version 4\.4 or later is needed/)
  })

  for (const [why, hello, fault, says] of [
    ['has no primary', member, 'unavailable', /has no primary: most members/],
    [
      'was never initiated',
      () => ({ isreplicaset: true }),
      'unavailable',
      /of no replica set yet: has rs\.initiate\(\) been run\?/,
    ],
    [
      'has another name',
      (host: string) => ({ ...member(host), setName: 'other' }),
      'unusable',
      /no member of.*check replicaSet$/,
    ],
  ] as const) {
    it(`tells of a replica set that ${why}`, async () => {
      const error = await failureAt(hello, '&replicaSet=roll')
      assert.equal(error.fault, fault)
      assert.match(error.message, says)
    })
  }

  for (const [why, uri, says] of [
    ['nothing but a scheme', 'mongodb://', /hosts? list/],
    ['no host', 'mongodb://ada:secret@', /hosts? list/],
    ['a host that is a password', 'mongodb://ada:secret/roll', /its hosts cannot be read/],
    ['an option that is none', 'mongodb://ada:secret@db/roll?unknownOption=1', /unknownoption is not supported/],
    ['an option twice', 'mongodb://ada:secret@db/?replicaSet=a&replicaSet=b', /"replicaSet" cannot appear more than once/],
    ['a database that can be none', 'mongodb://ada:secret@db/ro.ll', /names cannot contain the character '\.'/],
    ['a slash in the password', 'mongodb://ada:se/cret@db/', /password, @ is written as %40/],
    ['an at sign in the password', 'mongodb://ada:se@cret@db/', /password, @ is written as %40/],
    ['a percent sign in the password', 'mongodb://ada:100%secret@db/', /password, @ is written as %40/],
    [
      'a file that is not there',
      'mongodb://db/?tls=true&tlsCAFile=/nowhere/ca.pem',
      /cannot be read \(ENOENT.*\/nowhere\/ca\.pem/,
    ],
  ] as const) {
    it(`says what is wrong with an address of ${why}, and repeats no password`, async () => {
      const error = await failure(uri)
      assert.equal(error.fault, 'unusable')
      assert.match(error.message, says)
      assert.match(error.message, /^this is no address of MongoDB: |^a file that the address of MongoDB names /)
      assert.doesNotMatch(error.message, /secret|cret@/)
    })
  }
})

/** How a member that is no primary greets. */
function member(host: string): object {
  return { secondary: true, setName: 'roll', hosts: [host], me: host }
}

/** What opening fails with at a server that greets so. */
async function failureAt(hello: (host: string) => object, query = ''): Promise<StoreError> {
  const server = serverThatGreets(hello)
  const port = await portOf(server)
  const error = await failure(`mongodb://127.0.0.1:${port}/?serverSelectionTimeoutMS=2000${query}`)
  server.close()
  return error
}

async function failure(uri: string): Promise<StoreError> {
  const error = await openMongo(uri).then(
    () => assert.fail('it opened'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof StoreError, String(error))
  return error
}

function portOf(server: Server, isClosed = false): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      if (isClosed) server.close(() => resolve(port))
      else resolve(port)
    })
  })
}

/** Answers the greeting of a driver, OP_QUERY or OP_MSG. */
function serverThatGreets(says: (host: string) => object): Server {
  return createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (request) => {
      const document = BSON.serialize({
        ok: 1,
        minWireVersion: 0,
        maxWireVersion: 21,
        maxBsonObjectSize: 16777216,
        maxMessageSizeBytes: 48000000,
        maxWriteBatchSize: 100000,
        ...says(`127.0.0.1:${socket.localPort}`),
      })
      const isQuery = request.readInt32LE(12) === 2004
      const head = isQuery ? Buffer.alloc(20) : Buffer.alloc(5)
      if (isQuery) head.writeInt32LE(1, 16)
      const header = Buffer.alloc(16)
      header.writeInt32LE(16 + head.length + document.length, 0)
      header.writeInt32LE(request.readInt32LE(4), 8)
      header.writeInt32LE(isQuery ? 1 : 2013, 12)
      socket.write(Buffer.concat([header, head, document]))
    })
  })
}
