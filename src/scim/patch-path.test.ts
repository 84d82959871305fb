import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import suite from '../../conformance/cases/filters.json' with { type: 'json' }
import { dottedName, EXTENSIONS, USER } from '../directory/schema.ts'
import { ScimProblem } from './errors.ts'
import { parsePatchPath, readPatchPath } from './patch-path.ts'

describe('readPatchPath', () => {
  for (const { id, path, valid, parts } of suite.paths as readonly {
    id: string
    path: string
    valid: boolean
    parts?: object
  }[]) {
    if (valid) it(`reads ${id}: ${path}`, () => assert.deepEqual(readPatchPath(USER, path), parts))
    else it(`refuses ${id}: ${path}`, () => assert.ok(readPatchPath(USER, path) instanceof ScimProblem))
  }
})

describe('parsePatchPath', () => {
  for (const [path, name] of [
    ['EMAILS[type eq "work"].VALUE', 'emails.value'],
    [`${USER.urn}:name.familyName`, 'name.familyName'],
    [`${EXTENSIONS.enterprise}:manager.$ref`, 'enterprise.manager.$ref'],
    ['urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department', 'enterprise.department'],
    [`${EXTENSIONS.campus}:tags[value eq "a.b:c]d"]`, 'campus.tags'],
    ['roles[primary eq "True"].value', 'roles.value'],
    ['emails[$ref eq "x"]', undefined],
  ] as const) {
    it(`finds ${name ?? 'nothing'} in ${path}`, () => {
      const found = parsePatchPath(USER, path)
      assert.equal(!(found instanceof ScimProblem) && 'attribute' in found ? dottedName(found) : undefined, name)
    })
  }

  it('takes the URN of a schema for all of it', () => {
    assert.deepEqual(parsePatchPath(USER, EXTENSIONS.campus.toUpperCase()), { extension: 'campus' })
    assert.deepEqual(parsePatchPath(USER, USER.urn), {})
  })

  for (const [path, code, said] of [
    ['nickname2', 'invalidPath', 'nickname2 is not an attribute of a User (did you mean "nickName"?)'],
    ['department', 'invalidPath', `department belongs to an extension: write ${EXTENSIONS.enterprise}:department`],
    ['name[familyName eq "x"]', 'invalidPath', 'name has one value and takes no filter'],
    ['emails[typ eq "x"].value', 'invalidFilter', 'emails has no part typ (did you mean "type"?)'],
    ['emails[type eq "x"].valu', 'invalidPath', 'emails has no part valu (did you mean "value"?)'],
    ['emails[primary gt true]', 'invalidFilter', 'emails.primary is true or false, which goes with eq, ne and pr, not with gt'],
    ['emails[type eq "x"', 'invalidPath', 'the closing "]" is missing'],
    ['emails[type = "x"]', 'invalidFilter', undefined],
    ['emails [type eq "x"]', 'invalidPath', undefined],
    [' emails', 'invalidPath', undefined],
    ['emails ', 'invalidPath', undefined],
    ['__proto__', 'invalidPath', undefined],
    ['constructor.prototype', 'invalidPath', 'constructor is not an attribute of a User'],
    ['emails[__proto__ eq "x"]', 'invalidFilter', undefined],
    ['x'.repeat(9000), 'invalidPath', undefined],
  ] as const) {
    it(`refuses ${path.slice(0, 60)}`, () => {
      const found = parsePatchPath(USER, path)
      assert.ok(found instanceof ScimProblem)
      assert.equal(found.code, code)
      if (said !== undefined) assert.equal(found.detail, said)
    })
  }

  it('answers any text with a path or a problem', () => {
    const piece = fc.constantFrom(
      'emails',
      '[',
      ']',
      '.',
      'value',
      ' eq ',
      '"x"',
      '"',
      'type',
      ':',
      'urn:',
      ' ',
      'not',
      '(',
      ')',
      '\\',
      '$ref',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 10 }), (pieces) => {
        const found = parsePatchPath(USER, pieces.join(''))
        assert.ok(
          found instanceof ScimProblem ? ['invalidPath', 'invalidFilter'].includes(found.code) : typeof found === 'object',
        )
      }),
      { numRuns: 500 },
    )
  })
})
