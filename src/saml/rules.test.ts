import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkSettings } from '../directory/check-settings.ts'
import type { IdpSettings, Settings } from '../directory/settings.ts'
import { idpsOf } from '../directory/settings.ts'
import { rulesFor, samlRuleProblems, sourceOf } from './rules.ts'

const SHIBBOLETH: IdpSettings = {
  entityId: 'https://idp.uni.edu/idp/shibboleth',
  ssoUrl: 'https://idp.uni.edu/sso',
  certificates: ['MII'],
}
const ENTRA: IdpSettings = {
  entityId: 'https://sts.windows.net/11-22/',
  ssoUrl: 'https://login.example/saml2',
  certificates: ['MII'],
}

describe('the rules of an identity provider', () => {
  it('are those of the institution', () => {
    const saml = { update: 'gaps', create: false, attributes: { netid: ['uid'] } } as const
    assert.deepEqual(rulesFor(saml, SHIBBOLETH), saml)
  })

  it('are its own where it has any, attributes field by field', () => {
    const saml = { update: 'gaps', accountType: { default: 'Student' }, attributes: { netid: ['uid'], email: ['mail'] } } as const
    const idp = { ...ENTRA, update: 'always', accountType: { default: 'Alumni' }, attributes: { netid: ['upn'] } } as const
    assert.deepEqual(rulesFor(saml, idp), {
      update: 'always',
      accountType: { default: 'Alumni' },
      attributes: { netid: ['upn'], email: ['mail'] },
    })
  })
})

describe('the source of a sign-in', () => {
  for (const [why, saml, idp, source] of [
    ['is the channel for the one of saml.idp', { idp: SHIBBOLETH }, SHIBBOLETH, 'saml'],
    ['is made of the entity id for others', { idps: [ENTRA] }, ENTRA, 'saml:sts.windows.net-11-22'],
    ['is the name that it has', { idp: SHIBBOLETH }, { ...SHIBBOLETH, name: 'shib' }, 'saml:shib'],
  ] as const) {
    it(why, () => assert.equal(sourceOf(saml, idp), source))
  }

  it('stays as it was when another identity provider comes', () => {
    assert.equal(sourceOf({ idp: SHIBBOLETH, idps: [ENTRA] }, SHIBBOLETH), 'saml')
    assert.deepEqual(idpsOf({ saml: { idp: SHIBBOLETH, idps: [ENTRA] } }), [SHIBBOLETH, ENTRA])
  })
})

describe('settings of sign-ins', () => {
  it('are accepted as the manual shows them', () => {
    const settings: Settings = {
      saml: {
        idp: { ...SHIBBOLETH, title: 'Staff and students', domains: ['uni.edu'], scopes: ['uni.edu', 'med.uni.edu'] },
        idps: [
          {
            ...ENTRA,
            name: 'alumni',
            update: 'always',
            create: true,
            reactivate: true,
            allowUnsolicited: true,
            accountType: { default: 'Alumni' },
          },
        ],
        attributes: {
          netid: [{ name: 'urn:oid:1.3.6.1.4.1.5923.1.1.1.6', take: 'localPart' }, 'uid'],
          phone_number: ['telephoneNumber'],
        },
        accountType: { attribute: 'eduPersonAffiliation', map: { faculty: 'Faculty', student: 'student' }, default: 'Guest' },
        returnUrls: ['https://app.uni.edu/return', 'http://localhost:8080/cb'],
        contact: { name: 'IT Service Desk', email: 'help@uni.edu', url: 'https://help.uni.edu/' },
      },
    }
    assert.deepEqual(checkSettings(settings, [samlRuleProblems]), { kind: 'ok', settings })
  })

  for (const [why, saml, message] of [
    [
      'names the near miss of a field',
      { attributes: { netId: ['uid'] } },
      /^saml\.attributes: there is no field "netId" \(did you mean "netid"\?\)$/,
    ],
    [
      'names the field that an alias means',
      { attributes: { mail: ['mail'] } },
      /^saml\.attributes: there is no field "mail" \(did you mean "email"\?\)$/,
    ],
    [
      'knows the fields of one provider',
      { idps: [{ ...ENTRA, attributes: { firstname: ['x'] } }] },
      /^saml\.idps\[0\]\.attributes: there is no field "firstname" \(did you mean "first_name"\?\)$/,
    ],
    [
      'knows the account types of a table',
      { accountType: { map: { student: 'Studnet' } } },
      /^saml\.accountType\.map\["student"\] is "Studnet"; it should be one of Student, .* \(did you mean "Student"\?\)$/,
    ],
    [
      'knows the account types of a default',
      { idp: { ...SHIBBOLETH, accountType: { default: 'Pirate' } } },
      /^saml\.idp\.accountType\.default is "Pirate"/,
    ],
    [
      'has each identity provider once',
      { idp: SHIBBOLETH, idps: [SHIBBOLETH] },
      /^saml has two identity providers called https:\/\/idp\.uni\.edu\/idp\/shibboleth: each once$/,
    ],
    [
      'has each source once',
      { idp: { ...SHIBBOLETH, name: 'a' }, idps: [{ ...ENTRA, name: 'a' }] },
      /^saml has two identity providers with the source saml:a: each once$/,
    ],
    [
      'has no spaces around the name of an attribute',
      { attributes: { netid: ['uid '] } },
      /^saml\.attributes\.netid\[0\] is "uid "; it should be the name of a SAML attribute, without spaces around it$/,
    ],
    [
      'has no control character in the name of an attribute',
      { accountType: { attribute: 'a\u0001b' } },
      /^saml\.accountType\.attribute is .*; it should be the name of a SAML attribute/,
    ],
    [
      'has addresses to return to that are addresses',
      { returnUrls: ['app.uni.edu'] },
      /^saml\.returnUrls\[0\] is "app\.uni\.edu"; it should be an http or https URL$/,
    ],
  ] as const) {
    it(why, () => {
      const checked = checkSettings({ saml }, [samlRuleProblems])
      assert.ok(checked.kind === 'invalid')
      assert.equal(checked.problems.length, 1)
      assert.match(checked.problems[0]?.message ?? '', message)
    })
  }
})
