import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { checkSettings } from './check-settings.ts'
import { userSchemaOf } from './own-extension.ts'
import { EXTENSIONS, USER } from './schema.ts'
import type { OwnExtension } from './settings.ts'

const URN = 'urn:ietf:params:scim:schemas:extension:uni:2.0:User'
const some = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `a${at}` }))
const withUrn = (urn: string) => ({ urn, attributes: [{ name: 'locker' }] })
const withAttributes = (...attributes: readonly object[]) => ({ urn: URN, attributes })

describe('the declaration of an own extension', () => {
  it('is taken with every type, and other settings may name what it declares', () => {
    const types = ['string', 'boolean', 'decimal', 'integer', 'dateTime'].map((type) => ({ name: `my_${type}`, type }))
    const attributes = [...types, { name: 'bike', type: 'complex', multiValued: true, subAttributes: types }]
    const settings = {
      scim: { extension: { urn: URN, attributes }, map: { netid: `${URN}:my_string` } },
      authority: { 'own.my_string': ['scim'], 'own.bike': ['scim'] },
    }
    assert.deepEqual(checkSettings(settings), { kind: 'ok', settings })
    assert.equal(checkSettings({ ...settings, scim: {} }).kind, 'invalid', 'without it there is nothing to rank')
  })

  for (const [why, extension, message] of [
    ['needs a URN', { attributes: some(1) }, /^scim\.extension\.urn is missing; scim\.extension should be an object with urn/],
    ['needs an attribute', withAttributes(), /^scim\.extension\.attributes is \[\]; it should be a list of 1 to 50 objects/],
    ['refuses what is no URN', withUrn('locker'), /^scim\.extension\.urn is "locker"; it should be a URN of at most 200/],
    ['refuses a URN that ends with a colon', withUrn(`${URN}:`), /^scim\.extension\.urn is ".*"; it should be a URN/],
    ['refuses a URN with a slash', withUrn('urn:uni:a/b'), /^scim\.extension\.urn is ".*"; it should be a URN/],
    ['refuses the core schema', withUrn(USER.urn), /^scim\.extension\.urn belongs to the standard/],
    [
      'refuses any core schema',
      withUrn('urn:ietf:params:SCIM:schemas:core:2.0:Thing'),
      /^scim\.extension\.urn belongs to the standard/,
    ],
    ['refuses messages', withUrn('urn:ietf:params:scim:api:messages:2.0:X'), /^scim\.extension\.urn belongs to the standard/],
    [
      'refuses another extension',
      withUrn(EXTENSIONS.campus.toUpperCase().replace('URN', 'urn')),
      /^scim\.extension\.urn names something that every User has/,
    ],
    [
      'refuses another extension without its last colon',
      withUrn(EXTENSIONS.enterprise.replace(':User', 'User')),
      /^scim\.extension\.urn names something that every User has/,
    ],
    [
      'refuses what would be another extension without its own last colon',
      withUrn(EXTENSIONS.enterprise.replace('User', 'Us:er')),
      /^scim\.extension\.urn names something that every User has/,
    ],
    [
      'refuses an attribute of another extension',
      withUrn(`${EXTENSIONS.campus}:netid`),
      /^scim\.extension\.urn names something that every User has/,
    ],
    [
      'refuses the 51st attribute',
      withAttributes(...some(51)),
      /^scim\.extension\.attributes is .*; it should be a list of 1 to 50/,
    ],
    [
      'refuses the 21st part',
      withAttributes({ name: 'bike', type: 'complex', subAttributes: some(21) }),
      /^scim\.extension\.attributes\[0\]\.subAttributes is .*; it should be a list of 1 to 20/,
    ],
    [
      'refuses parts of parts',
      withAttributes({ name: 'bike', type: 'complex', subAttributes: [{ name: 'a', subAttributes: some(1) }] }),
      /^there is no setting scim\.extension\.attributes\[0\]\.subAttributes\[0\]\.subAttributes/,
    ],
    [
      'refuses lists within parts',
      withAttributes({ name: 'bike', type: 'complex', subAttributes: [{ name: 'a', multiValued: true }] }),
      /^there is no setting scim\.extension\.attributes\[0\]\.subAttributes\[0\]\.multiValued/,
    ],
    [
      'refuses complex parts',
      withAttributes({ name: 'bike', type: 'complex', subAttributes: [{ name: 'a', type: 'complex' }] }),
      /^scim\.extension\.attributes\[0\]\.subAttributes\[0\]\.type is "complex"; it should be one of string, /,
    ],
    [
      'refuses a complex attribute without parts',
      withAttributes({ name: 'bike', type: 'complex' }),
      /^scim\.extension\.attributes\[0\]\.subAttributes is missing/,
    ],
    [
      'refuses a simple attribute with parts',
      withAttributes({ name: 'bike', subAttributes: some(1) }),
      /^scim\.extension\.attributes\[0\]\.subAttributes does not fit/,
    ],
    [
      'names the near miss of a type',
      withAttributes({ name: 'locker', type: 'strng' }),
      /^scim\.extension\.attributes\[0\]\.type is "strng"; it should be one of .*did you mean "string"/,
    ],
    [
      'names the near miss of a characteristic',
      withAttributes({ name: 'locker', multivalued: true }),
      /^there is no setting scim\.extension\.attributes\[0\]\.multivalued \(did you mean "multiValued"\?\)/,
    ],
    [
      'refuses a name twice',
      withAttributes({ name: 'locker' }, { name: 'LOCKER' }),
      /^scim\.extension\.attributes\[1\]\.name is "LOCKER" once more/,
    ],
    ...['locker-number', '1st', '$ref', '__proto__', 'a.b', 'ä', 'a'.repeat(65)].map(
      (name) =>
        [
          `refuses the name ${name}`,
          withAttributes({ name }),
          /^scim\.extension\.attributes\[0\]\.name is .*; it should be a letter/,
        ] as const,
    ),
    ...['userName', 'USERNAME', 'id', 'meta', 'schemas', 'externalId', 'department', 'netid', 'constructor', 'toString'].map(
      (name) =>
        [
          `refuses the name ${name}`,
          withAttributes({ name }),
          /^scim\.extension\.attributes\[0\]\.name is .*, which is taken/,
        ] as const,
    ),
    ...['netid', 'password', 'valueOf'].map(
      (name) =>
        [
          `refuses the name ${name} for a part`,
          withAttributes({ name: 'bike', type: 'complex', subAttributes: [{ name }] }),
          /^scim\.extension\.attributes\[0\]\.subAttributes\[0\]\.name is .*, which is taken/,
        ] as const,
    ),
  ] as const)
    it(why, () => {
      const checked = checkSettings({ scim: { extension } })
      assert.equal(checked.kind, 'invalid')
      assert.equal(checked.problems.length, 1, JSON.stringify(checked.problems))
      assert.match(checked.problems[0]?.message ?? '', message)
    })

  it('is taken as the manual shows it', () => {
    const manual = readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8')
    const [, example] = /```json\n(\{ "scim": \{ "extension"[^`]+)```/.exec(manual) ?? []
    assert.equal(checkSettings(JSON.parse(example ?? '')).kind, 'ok')
  })

  it('makes one schema, and none where nothing is declared', () => {
    const extension: OwnExtension = { urn: URN, attributes: [{ name: 'locker' }] }
    const schema = userSchemaOf({ scim: { extension } })
    assert.equal(userSchemaOf({ scim: { extension } }), schema)
    assert.equal(schema.attributesOf(), USER.attributesOf())
    assert.equal(userSchemaOf({}), USER)
    assert.equal(USER.shortNameOf(URN), undefined)
  })
})
