import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { dottedName, EXTENSIONS, USER } from './schema.ts'

describe('a name from outside', () => {
  for (const [text, name] of [
    ['userName', 'userName'],
    ['USERNAME', 'userName'],
    ['name.GivenName', 'name.givenName'],
    ['emails', 'emails'],
    ['emails.value', 'emails.value'],
    ['groups.$ref', 'groups.$ref'],
    ['id', 'id'],
    ['externalid', 'externalId'],
    ['meta.lastModified', 'meta.lastModified'],
    ['schemas', 'schemas'],
    [`${USER.urn}:name.givenName`, 'name.givenName'],
    [`${USER.urn}:meta.created`, 'meta.created'],
    [`${EXTENSIONS.enterprise}:department`, 'enterprise.department'],
    [`${EXTENSIONS.enterprise.toUpperCase()}:MANAGER.VALUE`, 'enterprise.manager.value'],
    [`${EXTENSIONS.campus}:netid2`, 'campus.netid2'],
    ['urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department', 'enterprise.department'],
  ] as const) {
    it(`finds ${text}`, () => {
      const path = USER.resolve(text)
      assert.equal(path && dottedName(path), name)
    })
  }

  for (const text of [
    '',
    'nope',
    'department',
    'campus.netid',
    'name.nope',
    'name.givenName.x',
    'name.',
    '.name',
    'name..givenName',
    '$ref',
    '__proto__',
    'constructor',
    'name.constructor',
    'emails.__proto__',
    'emails.length',
    ':userName',
    'userName:',
    USER.urn,
    EXTENSIONS.enterprise,
    `${EXTENSIONS.enterprise}:`,
    `${EXTENSIONS.enterprise}:userName`,
    `urn:example:${EXTENSIONS.enterprise}:department`,
    'urn:example:2.0:User:userName',
  ]) {
    it(`knows no attribute called ${JSON.stringify(text)}`, () => assert.equal(USER.resolve(text), undefined))
  }
})

describe('extension names', () => {
  it('ignore case, and forgive a missing colon', () => {
    assert.equal(USER.shortNameOf(EXTENSIONS.campus.toLowerCase()), 'campus')
    assert.equal(USER.shortNameOf('URN:ietf:params:scim:schemas:extension:enterprise:2.0User'), 'enterprise')
    assert.equal(USER.shortNameOf(USER.urn), undefined)
    assert.equal(USER.shortNameOf('__proto__'), undefined)
    assert.equal(USER.isCore(USER.urn.toUpperCase()), true)
    assert.equal(USER.isCore(EXTENSIONS.campus), false)
  })
})

describe('the schemas', () => {
  it('leave nothing of an attribute unsaid (RFC 7643 section 7)', () => {
    for (const { where, attribute } of declaredAttributes()) {
      const always = ['name', 'type', 'multiValued', 'description', 'required', 'mutability', 'returned']
      const expected = attribute.type === 'complex' ? [...always, 'subAttributes'] : [...always, 'caseExact', 'uniqueness']
      for (const key of expected) assert.ok(Object.hasOwn(attribute, key), `${where} lacks ${key}`)
      assert.equal(attribute.type === 'reference', Object.hasOwn(attribute, 'referenceTypes'), where)
      if (attribute.type === 'complex')
        assert.ok(!Object.hasOwn(attribute, 'caseExact') && !Object.hasOwn(attribute, 'uniqueness'), `${where}: erratum 6004`)
      if (attribute.type === 'reference' || attribute.type === 'binary')
        assert.equal(attribute.caseExact, true, `${where}: erratum 6001`)
    }
  })

  it('allow a sub-attribute every type but complex (erratum 8415)', () => {
    const type = resolvedIn('schema.json', 'attributes', 'subAttributes', 'type')
    assert.deepEqual(type.canonicalValues, ['string', 'boolean', 'decimal', 'integer', 'dateTime', 'reference', 'binary'])
  })

  it('keep userName and the netids unique and without case, ids exact', () => {
    assert.equal(USER.attributesOf().get('username')?.caseExact, false)
    assert.equal(USER.attributesOf('campus').get('netid3')?.caseExact, false)
    assert.equal(USER.resolve('id')?.attribute.caseExact, true)
    assert.equal(USER.resolve('externalId')?.attribute.caseExact, true)
    assert.equal(USER.attributesOf('enterprise').get('manager')?.subAttributes.get('value')?.caseExact, true)
  })

  it('never return a password', () => {
    assert.equal(USER.attributesOf().get('password')?.returned, 'never')
    assert.equal(USER.attributesOf().get('password')?.mutability, 'writeOnly')
  })
})

type Declared = {
  readonly [key: string]: unknown
  readonly name: string
  readonly type: string
  readonly subAttributes?: readonly Declared[]
}

const directory = new URL('../../schemas/', import.meta.url)

function read(file: string): { readonly attributes?: readonly Declared[] } {
  return JSON.parse(readFileSync(new URL(file, directory), 'utf8'))
}

function* declaredAttributes(): Generator<{ where: string; attribute: Declared }> {
  for (const file of readdirSync(directory)) {
    const { attributes } = read(file)
    if (Array.isArray(attributes)) yield* walk(attributes, file)
  }
}

function* walk(attributes: readonly Declared[], where: string): Generator<{ where: string; attribute: Declared }> {
  for (const attribute of attributes) {
    const here = `${where} ${attribute.name}`
    yield { where: here, attribute }
    yield* walk(attribute.subAttributes ?? [], here)
  }
}

function resolvedIn(file: string, ...names: readonly string[]): Declared {
  let found: Declared | undefined
  let attributes = read(file).attributes
  for (const name of names) {
    found = attributes?.find((attribute) => attribute.name === name)
    attributes = found?.subAttributes
  }
  assert.ok(found)
  return found
}
