import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BSON } from 'mongodb'
import type { Doc } from '../store.ts'
import { escapeName, toDoc, toStored } from './documents.ts'

const aDoc = (parts: object): Doc => ({ _id: 'ada', institution: 'demo', version: 'v1', ...parts })

/** As the wire carries it; undefined is left out, as the client is told to. */
function overTheWire(doc: Doc): Doc {
  const { _expires, ...read } = BSON.deserialize(BSON.serialize(toStored(doc), { ignoreUndefined: true }))
  return toDoc(read as ReturnType<typeof toStored>)
}

describe('a stored document', () => {
  it('has the institution in its id', () => {
    assert.equal(toStored(aDoc({}))._id, 'demo:ada')
    assert.equal(toDoc(toStored(aDoc({})))._id, 'ada')
  })

  for (const [name, stored] of [
    ['name.givenName', 'name%2EgivenName'],
    ['$ref', '%24ref'],
    ['urn:a:2.0:User', 'urn:a:2%2E0:User'],
    ['100%', '100%25'],
    ['', '%'],
    ['_bsontype', '%5Fbsontype'],
    ['a\0b', 'a%00b'],
    ['costs$', 'costs$'],
    ['plain_name', 'plain_name'],
  ] as const) {
    it(`has ${JSON.stringify(name)} under ${JSON.stringify(stored)}`, () => {
      assert.equal(escapeName(name), stored)
      assert.deepEqual(toDoc(toStored(aDoc({ [name]: 1 }))), aDoc({ [name]: 1 }))
    })
  }

  it('comes back as it was written, whatever it holds', () => {
    const odd = fc.constantFrom('$ref', '$id', '_bsontype', 'a.b', '%2E', '%', '', '%list', 'length', '__proto__', 'constructor')
    const json = fc.object({
      key: fc.oneof(odd, fc.string()),
      values: [fc.string(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)],
      maxDepth: 3,
    })
    fc.assert(
      fc.property(json, (object) => {
        const resource = JSON.parse(JSON.stringify(object))
        const doc = aDoc({ resource, list: [[resource], [[]], []] })
        assert.deepEqual(overTheWire(doc), doc)
      }),
    )
  })

  it('expires for the server by a date of its own', () => {
    assert.deepEqual(toStored(aDoc({ expires: 1000 }))._expires, new Date(1000))
  })
})
