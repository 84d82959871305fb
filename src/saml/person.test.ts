import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SamlRules, Settings } from '../directory/settings.ts'
import { personFrom } from './person.ts'

type Sent = { readonly [name: string]: string | readonly string[] }
type Given = {
  readonly nameId?: string
  readonly format?: string
  readonly saml?: SamlRules
  readonly settings?: Settings
  readonly scopes?: readonly string[]
  readonly nested?: readonly string[]
}

const FORMAT = 'urn:oasis:names:tc:SAML:'
const EMAIL = `${FORMAT}1.1:nameid-format:emailAddress`
const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/'
const EDU = 'urn:oid:1.3.6.1.4.1.5923.1.1.1.'

function read(
  sent: Sent,
  { nameId = 'opaque', format = `${FORMAT}2.0:nameid-format:transient`, saml = {}, ...given }: Given = {},
) {
  const attributes = new Map(Object.entries(sent).map(([name, values]) => [name, [values].flat()]))
  return personFrom(saml, given.settings ?? {}, {
    statement: { nameId: { value: nameId, format }, attributes, nested: new Set(given.nested) },
    scopes: given.scopes,
  })
}

const ADA = { netid: 'ada', email: 'ada@uni.edu', first_name: 'Ada', last_name: 'Lovelace' }

describe('attributes as fields, without a mapping', () => {
  for (const [who, sent, given, fields] of [
    [
      'Shibboleth, by OID',
      {
        'urn:oid:0.9.2342.19200300.100.1.1': 'ada',
        'urn:oid:0.9.2342.19200300.100.1.3': 'ada@uni.edu',
        'urn:oid:2.5.4.42': 'Ada',
        'urn:oid:2.5.4.4': 'Lovelace',
        [`${EDU}5`]: 'student',
        [`${EDU}6`]: 'ada.eppn@uni.edu',
      },
      {},
      { ...ADA, account_type: 'Student' },
    ],
    [
      'Shibboleth, by the names of old',
      {
        'urn:mace:dir:attribute-def:uid': 'ada',
        'urn:mace:dir:attribute-def:mail': 'ada@uni.edu',
        'urn:mace:dir:attribute-def:givenName': 'Ada',
        'urn:mace:dir:attribute-def:sn': 'Lovelace',
        'urn:mace:dir:attribute-def:eduPersonScopedAffiliation': ['member@uni.edu', 'staff@uni.edu'],
      },
      {},
      { ...ADA, account_type: 'Staff' },
    ],
    [
      'Entra',
      {
        [`${CLAIMS}name`]: 'ada@uni.onmicrosoft.com',
        [`${CLAIMS}emailaddress`]: 'ada@uni.edu',
        [`${CLAIMS}givenname`]: 'Ada',
        [`${CLAIMS}surname`]: 'Lovelace',
        'http://schemas.microsoft.com/ws/2008/06/identity/claims/role': ['Users', 'Faculty'],
      },
      {},
      { ...ADA, netid: 'ada@uni.onmicrosoft.com', account_type: 'Faculty' },
    ],
    [
      'AD FS, where a name is a name and no account',
      { [`${CLAIMS}name`]: 'Ada Lovelace', [`${CLAIMS}emailaddress`]: 'ada@uni.edu', [`${CLAIMS}upn`]: 'ada@corp.uni.edu' },
      {},
      { netid: 'ada@corp.uni.edu', email: 'ada@uni.edu' },
    ],
    [
      'Okta',
      { firstName: 'Ada', lastName: 'Lovelace', login: 'ada', userType: 'Alumni' },
      { nameId: 'ada@uni.edu', format: EMAIL },
      { ...ADA, account_type: 'Alumni' },
    ],
    [
      'Google, whose NameID is the address',
      { first_name: 'Ada', last_name: 'Lovelace' },
      { nameId: 'ada@uni.edu', format: EMAIL },
      { email: 'ada@uni.edu', first_name: 'Ada', last_name: 'Lovelace' },
    ],
    [
      'OneLogin',
      { 'User.email': 'ada@uni.edu', 'User.FirstName': 'Ada', 'User.LastName': 'Lovelace' },
      {},
      { email: 'ada@uni.edu', first_name: 'Ada', last_name: 'Lovelace' },
    ],
    [
      'SimpleSAMLphp',
      {
        uid: 'ada',
        mail: 'ada@uni.edu',
        givenName: 'Ada',
        sn: 'Lovelace',
        eduPersonAffiliation: ['member', 'student', 'employee'],
      },
      {},
      { ...ADA, account_type: 'Staff' },
    ],
    [
      'Keycloak, by its predefined mappers',
      {
        username: 'ada',
        'urn:oid:1.2.840.113549.1.9.1': 'ada@uni.edu',
        'urn:oid:2.5.4.42': 'Ada',
        'urn:oid:2.5.4.4': 'Lovelace',
        Role: ['offline_access', 'Student'],
      },
      {},
      { ...ADA, account_type: 'Student' },
    ],
    ['nobody in particular', { color: 'green' }, {}, {}],
  ] as const) {
    it(`are read as ${who} sends them`, () => {
      const person = read(sent, given)
      assert.deepEqual({ ...person.fields }, fields)
      assert.deepEqual(person.problems, [])
    })
  }

  for (const [why, sent, given, fields] of [
    ['the first name that is present wins', { uid: 'ada', username: 'other', login: 'third' }, {}, { netid: 'ada' }],
    ['an empty value is an absent one', { uid: ['', ' '], username: 'ada' }, {}, { netid: 'ada' }],
    ['values lose the blanks around them', { uid: ' ada\n' }, {}, { netid: 'ada' }],
    ['names are compared with their case', { UID: 'ada', Mail: 'ada@uni.edu' }, {}, {}],
    ['a name that is one of JavaScript’s own means nothing', { ['__proto__']: 'x', constructor: 'x', toString: 'x' }, {}, {}],
    ['of several addresses the first one counts', { mail: ['ada@uni.edu', 'ada@math.uni.edu'] }, {}, { email: 'ada@uni.edu' }],
    ['a value said twice is one value', { uid: ['ada', 'ADA'] }, {}, { netid: 'ada' }],
    ['an eppn is no netid unless the institution says so', { eduPersonPrincipalName: 'ada@uni.edu' }, {}, {}],
    ['a transient NameID is nobody’s address', {}, { nameId: 'ada@uni.edu' }, {}],
    [
      'a NameID of Kerberos is nobody’s address',
      {},
      { nameId: 'ada@UNI.EDU', format: `${FORMAT}2.0:nameid-format:kerberos` },
      {},
    ],
    ['a persistent NameID is nobody’s address', {}, { nameId: 'a@b', format: `${FORMAT}2.0:nameid-format:persistent` }, {}],
    [
      'a NameID of no format may be an address',
      {},
      { nameId: 'ada@uni.edu', format: EMAIL.replace('emailAddress', 'unspecified') },
      { email: 'ada@uni.edu' },
    ],
  ] as const) {
    it(why, () => assert.deepEqual({ ...read(sent, given).fields }, fields))
  }
})

describe('attributes as the institution maps them', () => {
  for (const [why, saml, sent, given, fields] of [
    [
      'its names stand in place of the usual ones',
      { attributes: { netid: ['employeeNumber'] } },
      { uid: 'ada', employeeNumber: '007' },
      {},
      { netid: '007' },
    ],
    [
      'its first name that is present wins',
      { attributes: { first_name: ['nick', 'givenName'] } },
      { givenName: 'Ada', nick: 'Countess' },
      {},
      { first_name: 'Countess' },
    ],
    [
      'a field that is mapped to nothing is not read',
      { attributes: { netid: [] } },
      { uid: 'ada', mail: 'ada@uni.edu' },
      {},
      { email: 'ada@uni.edu' },
    ],
    [
      'other fields can be mapped too',
      { attributes: { phone_number: ['telephoneNumber'] } },
      { telephoneNumber: '+1 555 0100' },
      {},
      { phone_number: '+1 555 0100' },
    ],
    [
      'tags are all of the values',
      { attributes: { user_tags: ['isMemberOf'] } },
      { isMemberOf: ['chess', 'band'] },
      {},
      { user_tags: ['chess', 'band'] },
    ],
    [
      'a netid can be what stands before the @',
      { attributes: { netid: [{ name: 'eppn', take: 'localPart' }] } },
      { eppn: 'ada@uni.edu' },
      {},
      { netid: 'ada' },
    ],
    [
      'a netid can be the NameID',
      { attributes: { netid: ['NameID'] } },
      {},
      { nameId: 'xyz', format: `${FORMAT}2.0:nameid-format:persistent` },
      { netid: 'xyz' },
    ],
    ['a transient NameID is nobody’s netid', { attributes: { netid: ['NameID'] } }, {}, { nameId: 'xyz' }, {}],
  ] as const) {
    it(why, () => {
      const person = read(sent, { ...given, saml })
      assert.deepEqual({ ...person.fields }, fields)
      assert.deepEqual(person.problems, [])
    })
  }

  it('tells which attribute each field came from', () => {
    assert.deepEqual(read({ uid: 'ada', mail: 'ada@uni.edu', eduPersonPrimaryAffiliation: 'faculty' }).from, {
      netid: 'uid',
      email: 'mail',
      account_type: 'eduPersonPrimaryAffiliation',
    })
  })
})

describe('attributes that cannot be meant', () => {
  for (const [why, saml, sent, code] of [
    ['two netids name two people', {}, { uid: ['ada', 'eve'] }, 'value_several'],
    [
      'two attributes that the institution mapped to one key must agree',
      { attributes: { netid: ['uid', 'employeeId'] } },
      { uid: 'ada', employeeId: 'eve' },
      'values_disagree',
    ],
    [
      'so must two of addresses',
      { attributes: { email: ['mail', 'email'] } },
      { mail: 'ada@uni.edu', email: 'eve@uni.edu' },
      'values_disagree',
    ],
  ] as const) {
    it(why, () => {
      const { problems } = read(sent, { saml })
      assert.deepEqual(
        problems.map((one) => one.code),
        [code],
      )
      assert.doesNotMatch(JSON.stringify(problems), /\b(ada|eve)\b/)
    })
  }

  for (const [why, sent] of [
    ['of another scope', { eduPersonPrincipalName: 'eve@evil.example', uid: 'eve', mail: 'ada@uni.edu' }],
    ['without a scope', { eduPersonPrincipalName: 'ada', mail: 'ada@uni.edu' }],
  ] as const) {
    it(`a key that is mapped to a name ${why} is not told by another one, nor by an address`, () => {
      const saml = { attributes: { netid: ['eduPersonPrincipalName', 'uid'] } }
      const { problems } = read(sent, { saml, scopes: ['uni.edu'] })
      assert.deepEqual(
        problems.map((one) => one.code),
        ['value_scope'],
      )
      assert.doesNotMatch(JSON.stringify(problems), /ada|evil/)
    })
  }

  for (const [what, netid] of [
    ['nothing to be seen', '\u2060\u200b'],
    ['the word that clears a field', '[[CLEAR]]'],
  ] as const) {
    it(`a netid of ${what} does not leave the address to say who it is`, () => {
      const { problems } = read({ uid: netid, mail: 'ada@uni.edu' }, { saml: {} })
      assert.deepEqual(
        problems.map(({ field, code }) => [field, code]),
        [['netid', 'value_blank']],
      )
    })
  }

  for (const [why, name, value] of [
    ['whose local part is taken', { name: 'upn', take: 'localPart' as const }, '@uni.edu'],
    ['whose local part holds nothing to be seen', { name: 'upn', take: 'localPart' as const }, '\u200b@uni.edu'],
    ['that has a scope', 'eduPersonPrincipalName', ' @uni.edu'],
  ] as const) {
    it(`a scope alone names nobody, in a name ${why}`, () => {
      const attributes = { [typeof name === 'string' ? name : name.name]: value }
      for (const scopes of [undefined, ['uni.edu']]) {
        const person = read(
          { ...attributes, mail: 'ada@uni.edu' },
          { saml: { attributes: { netid: [name] } }, ...(scopes && { scopes }) },
        )
        assert.deepEqual(
          person.problems.map(({ field, code }) => [field, code]),
          [['netid', 'value_blank']],
        )
        assert.equal(person.fields.netid, undefined)
      }
    })
  }

  it('a name whose domain is cut off is one of the domains of the institution', () => {
    const saml = { attributes: { netid: [{ name: 'upn', take: 'localPart' as const }] } }
    const told = (upn: string) => read({ upn }, { saml, scopes: ['uni.edu'] })
    assert.deepEqual({ ...told('ada@uni.edu').fields }, { netid: 'ada' })
    assert.deepEqual({ ...told('ada').fields }, { netid: 'ada' })
    const [problem] = told('ada@alumni.uni.edu').problems
    assert.equal(problem?.code, 'value_scope')
  })

  it('a key that is mapped to what is no text is not told by another one', () => {
    const saml = { attributes: { netid: ['eduPersonTargetedID', 'uid'] } }
    const { problems } = read({ uid: 'ada' }, { saml, nested: ['eduPersonTargetedID'] })
    assert.deepEqual(
      problems.map((one) => one.code),
      ['value_nested'],
    )
  })

  for (const [why, saml, sent] of [
    ['names that nobody mapped may say different things', {}, { uid: 'ada', username: 'other' }],
    [
      'mapped ones that agree in another case are fine',
      { attributes: { netid: ['uid', 'employeeId'] } },
      { uid: 'ada', employeeId: 'ADA' },
    ],
    [
      'an address among the others’ is fine',
      { attributes: { email: ['mail', 'email'] } },
      { mail: 'ada@uni.edu', email: ['ada@math.uni.edu', 'ada@uni.edu'] },
    ],
  ] as const) {
    it(why, () => assert.deepEqual(read(sent, { saml }).problems, []))
  }
})

describe('the account type of a sign-in', () => {
  const map = { faculty: 'Faculty', student: 'Student' }
  for (const [why, saml, sent, type, from] of [
    [
      'is fixed where only a default is set',
      { accountType: { default: 'Guest' } },
      { eduPersonAffiliation: 'student' },
      'Guest',
      undefined,
    ],
    ['is told by a table', { accountType: { attribute: 'kind', map } }, { kind: 'student' }, 'Student', 'kind'],
    ['compares values without case', { accountType: { attribute: 'kind', map } }, { kind: ' STUDENT ' }, 'Student', 'kind'],
    [
      'takes the default for a value that the table has not',
      { accountType: { attribute: 'kind', map, default: 'Guest' } },
      { kind: 'pirate' },
      'Guest',
      undefined,
    ],
    [
      'takes the default where nothing came',
      { accountType: { attribute: 'kind', map, default: 'Guest' } },
      {},
      'Guest',
      undefined,
    ],
    [
      'is nothing where no row fits and there is no default',
      { accountType: { attribute: 'kind', map } },
      { kind: 'pirate' },
      undefined,
      undefined,
    ],
    [
      'goes by the order of the table, not of the values',
      { accountType: { attribute: 'kind', map } },
      { kind: ['student', 'faculty'] },
      'Faculty',
      'kind',
    ],
    [
      'reads the usual attributes where the table names none',
      { accountType: { map } },
      { eduPersonAffiliation: ['member', 'student'] },
      'Student',
      'eduPersonAffiliation',
    ],
    [
      'reads the attributes mapped to account_type',
      { attributes: { account_type: ['kind'] } },
      { kind: 'Staff' },
      'Staff',
      'kind',
    ],
    [
      'is nothing where they say what is no account type',
      { attributes: { account_type: ['kind'] } },
      { kind: 'Person' },
      undefined,
      undefined,
    ],
    [
      'takes affiliations for what they usually mean',
      {},
      { eduPersonAffiliation: ['alum', 'employee'] },
      'Staff',
      'eduPersonAffiliation',
    ],
    [
      'asks the next attribute when one says too little',
      {},
      { eduPersonPrimaryAffiliation: 'member', eduPersonAffiliation: ['member', 'student'] },
      'Student',
      'eduPersonAffiliation',
    ],
    [
      'is nothing for a member who is nothing else',
      {},
      { eduPersonAffiliation: ['member', 'library-walk-in'] },
      undefined,
      undefined,
    ],
    [
      'looks before the @ of a scoped value',
      { accountType: { attribute: 'eduPersonScopedAffiliation', map } },
      { eduPersonScopedAffiliation: 'student@uni.edu' },
      'Student',
      'eduPersonScopedAffiliation',
    ],
    [
      'may tell scopes apart',
      { accountType: { attribute: 'eduPersonScopedAffiliation', map: { 'student@med.uni.edu': 'Guest' } } },
      { eduPersonScopedAffiliation: 'student@med.uni.edu' },
      'Guest',
      'eduPersonScopedAffiliation',
    ],
  ] as const) {
    it(why, () => {
      const person = read(sent, { saml })
      assert.deepEqual([person.fields.account_type, person.from.account_type], [type, from])
    })
  }

  it('is one of those that the institution has', () => {
    const sent = { eduPersonAffiliation: ['faculty', 'student'] }
    assert.equal(read(sent, { settings: { accountTypes: ['Student', 'Teacher'] } }).fields.account_type, 'Student')
  })
})

describe('scopes', () => {
  const scopes = ['uni.edu']
  const saml = { attributes: { netid: ['eduPersonPrincipalName'] } }
  for (const [why, sent, fields] of [
    ['a name of the institution is taken', { eduPersonPrincipalName: 'ada@UNI.edu' }, { netid: 'ada@UNI.edu' }],
    ['a name of another one is somebody else’s', { eduPersonPrincipalName: 'ada@evil.example' }, {}],
    ['so is one that only ends like it', { eduPersonPrincipalName: 'ada@evil-uni.edu' }, {}],
    ['so is one with two', { eduPersonPrincipalName: 'ada@uni.edu@evil.example' }, {}],
    [
      'an affiliation elsewhere is none here',
      { eduPersonScopedAffiliation: ['faculty@evil.example', 'student@uni.edu'] },
      { account_type: 'Student' },
    ],
    ['so may be one with none', { eduPersonPrincipalName: 'ada' }, {}],
    ['an affiliation with none is none', { eduPersonScopedAffiliation: 'faculty' }, {}],
    ['an address has no scope', { mail: 'ada@elsewhere.example' }, { email: 'ada@elsewhere.example' }],
  ] as const) {
    it(why, () => assert.deepEqual({ ...read(sent, { saml, scopes }).fields }, fields))
  }
})
