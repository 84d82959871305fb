import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkSettings, mergeSettings, settingsByPath } from './check-settings.ts'
import type { Settings } from './settings.ts'

describe('settings', () => {
  it('may all be left out', () => assert.deepEqual(checkSettings({}), { kind: 'ok', settings: {} }))

  it('are accepted as the manual shows them', () => {
    const settings = {
      accountTypes: ['Student', 'Staff'],
      defaultAccountType: 'student',
      matchOrder: ['netid', 'email'],
      required: { file: ['email'], api: [], saml: ['last_name'] },
      authority: {
        phone_number: ['file'],
        'name.givenName': ['saml:idp', 'scim'],
        'emails[work]': ['scim'],
        'campus.program': ['file'],
        emails: ['api'],
      },
      keyHoldDays: 0,
      scim: {
        map: { netid: { path: 'userName', take: 'localPart' }, netid2: 'externalId', email: 'emails[type eq "work"].value' },
        sees: 'all',
        purgeAfterDays: 30,
      },
      rateLimit: { perSecond: 0 },
      sftp: { username: 'uni', keys: ['ssh-ed25519 AAAA'], addresses: ['192.0.2.0/24'] },
      files: {
        runAt: '07:00',
        timeZone: 'Europe/Berlin',
        columns: { 'Matrikelnummer (neu)': 'netid' },
        sources: [{ pattern: '*.csv', mode: 'roster', constants: { account_type: 'Student' }, deactivateAfter: 2 }],
        thresholds: { shrunk: { percent: 50, atLeast: 20 } },
        notify: {
          webhook: { url: 'https://hooks.uni.edu:8443/roll?x=1', secret: `whsec_${'QUJD'.repeat(8)}` },
          email: ['registrar@uni.edu', "o'brien+roll@uni.edu"],
        },
      },
      saml: {
        idp: { entityId: 'https://idp', ssoUrl: 'https://idp/sso', certificates: ['MIIC'] },
        attributes: { email: ['mail'] },
        accountType: { attribute: 'affiliation', map: { faculty: 'Faculty' }, default: 'Guest' },
        create: true,
        update: 'gaps',
        allowUnsolicited: false,
        returnUrls: ['https://app.uni.edu/'],
      },
      groups: { map: { 'Chess Club': { accountType: 'Student', tags: ['chess'] } } },
    }
    assert.deepEqual(checkSettings(settings), { kind: 'ok', settings })
  })

  for (const [why, settings, message] of [
    [
      'names the near miss at the top',
      { matchorder: [] },
      /^there is no setting matchorder \(did you mean "matchOrder"\?\); known here: accountTypes, /,
    ],
    [
      'says how a setting inside another is written',
      { 'files.runAt': '07:00' },
      /^there is no setting \["files\.runAt"\]; a dot means inside: \{"files": \{"runAt": …\}\}; known here: /,
    ],
    [
      'names the near miss of a field whose say is ranked',
      { authority: { first_nmae: ['scim'] } },
      /^authority\.first_nmae: there is no field or attribute "first_nmae" \(did you mean "first_name"\?\)$/,
    ],
    [
      'names the near miss inside',
      { scim: { see: 'all' } },
      /^there is no setting scim\.see \(did you mean "sees"\?\); known here: map, sees, purgeAfterDays, extension$/,
    ],
    [
      'names the near miss in a list',
      { files: { sources: [{ pattern: 'a', mod: 'x' }] } },
      /^there is no setting files\.sources\[0\]\.mod \(did you mean "mode"\?\)/,
    ],
    ...[{ mode: 'update' as const }, {}].map(
      (mode) =>
        [
          `takes deactivateAfter for rosters alone, not in mode ${mode.mode ?? 'upsert'}`,
          { files: { sources: [{ pattern: 'a' }, { pattern: 'b', ...mode, deactivateAfter: 1 }] } },
          /^files\.sources\[1\]\.deactivateAfter has no meaning in mode (update|upsert), which deactivates nobody for being missing; leave it out, or set mode to roster$/,
        ] as const,
    ),
    [
      'takes no match key as a constant, by which all rows would be one person',
      { files: { sources: [{ pattern: 'a', constants: { netid2: null, email: 'all@uni.edu' } }] } },
      /^files\.sources\[0\]\.constants\.email is one email for all rows, which would be one person; leave it out$/,
    ],
    [
      'names the near miss of a value',
      { scim: { sees: 'al' } },
      /^scim\.sees is "al"; it should be one of own, all \(did you mean "all"\?\)$/,
    ],
    ...['http://uni.edu/hook', 'https://ada:secret@uni.edu/', 'http://127.0.0.1.uni.edu/', 'https://', 'uni.edu/hook'].map(
      (url) =>
        [
          `asks for an https URL, which ${url} is not`,
          { files: { notify: { webhook: { url, secret: `whsec_${'QUJD'.repeat(8)}` } } } },
          /^files\.notify\.webhook\.url is ".+"; it should be an https URL/,
        ] as const,
    ),
    ...['../south', '/etc', 'in/../../south', 'in\\..', '.', 'in/', ''].map(
      (folder) =>
        [
          `asks for a folder within, which "${folder}" is not`,
          { files: { folder } },
          /^files\.folder is ".*"; it should be a folder below the institution's own/,
        ] as const,
    ),
    [
      'asks for the secret of a webhook',
      { files: { notify: { webhook: { url: 'https://uni.edu/' } } } },
      /^files\.notify\.webhook\.secret is missing/,
    ],
    [
      'takes one address in each place',
      { files: { notify: { email: ['a@uni.edu, b@uni.edu'] } } },
      /^files\.notify\.email\[0\] is "a@uni\.edu, b@uni\.edu"; it should be an e-mail address/,
    ],
    [
      'says what is right for a number',
      { keyHoldDays: -1 },
      /^keyHoldDays is -1; it should be a whole number of days, 0 or more$/,
    ],
    ['says what is right for a type', { accountTypes: 'Student' }, /^accountTypes is "Student"; it should be a list of names/],
    [
      'says what is right for a part',
      { scim: { map: { netid: { take: 'localPart' } } } },
      /^scim\.map\.netid\.path is missing; scim\.map\.netid should be a SCIM attribute, or/,
    ],
    [
      'knows one kind of take',
      { scim: { map: { netid: { path: 'userName', take: 'domain' } } } },
      /^scim\.map\.netid\.take is "domain"; it should be one of localPart/,
    ],
    [
      'refuses a match key twice',
      { matchOrder: ['netid', 'netid'] },
      /^matchOrder is \["netid","netid"\]; it should be a list of match keys, each once/,
    ],
    [
      'refuses another match key',
      { matchOrder: ['netid4'] },
      /^matchOrder\[0\] is "netid4"; it should be one of netid3, netid2, netid, email \(did you mean/,
    ],
    [
      'refuses an unknown required field',
      { required: { file: ['emial'] } },
      /^required\.file\[0\]: there is no field "emial" \(did you mean "email"\?\)$/,
    ],
    [
      'refuses an unknown mapped field',
      { scim: { map: { netID: 'userName' } } },
      /^scim\.map\.netID: there is no field "netID" \(did you mean "netid"\?\)$/,
    ],
    [
      'refuses an unknown SCIM attribute',
      { scim: { map: { netid: 'usrName' } } },
      /^scim\.map\.netid: there is no SCIM attribute "usrName" \(did you mean "userName"\?\)$/,
    ],
    [
      'refuses an unknown slot',
      { authority: { 'name.givenname': ['scim'] } },
      /^authority\["name.givenname"\]: there is no field or attribute "name.givenname" \(did you mean "name.givenName"\?\)$/,
    ],
    [
      'refuses an unknown channel',
      { authority: { email: ['sis'] } },
      /^authority\.email\[0\] is "sis"; it should be a channel \(scim, api, file, saml, admin\) or/,
    ],
    [
      'refuses a default that is no account type',
      { defaultAccountType: 'Studnet' },
      /^defaultAccountType is "Studnet"; it should be one of Student, .*did you mean "Student"/,
    ],
    [
      'refuses a group that means no account type',
      { groups: { map: { 'All staff': { accountType: 'Staf' } } } },
      /^groups\.map\["All staff"\]\.accountType is "Staf"; it should be one of Student, .*did you mean "Staff"/,
    ],
    [
      'names the near miss of a field of a column',
      { files: { columns: { Mail: 'emial' } } },
      /there is no field "emial" \(did you mean "email"\?\)/,
    ],
    [
      'names the near miss of a field of a constant',
      { files: { sources: [{ pattern: '*', constants: { account_typ: 'Staff' } }] } },
      /there is no field "account_typ" \(did you mean "account_type"\?\)/,
    ],
    [
      'names the near miss of a time zone',
      { files: { timeZone: 'Europe/Berln' } },
      /it should be a time zone.*did you mean "Europe\/Berlin"/,
    ],
    [
      'names the near miss of a limit',
      { files: { limits: { row: 5 } } },
      /there is no setting files\.limits\.row \(did you mean "rows"\?\)/,
    ],
    [
      'refuses a constant that is no account type',
      { files: { sources: [{ pattern: '*.csv', constants: { account_type: 'Studnt' } }] } },
      /^files\.sources\[0\]\.constants\.account_type is "Studnt"; it should be one of .*did you mean "Student"/,
    ],
    ['refuses an account type in two spellings', { accountTypes: ['Staff', 'STAFF'] }, /^accountTypes has "STAFF" twice/],
    ['refuses prototype names', JSON.parse('{"authority":{"__proto__":["scim"]}}'), /there is no field or attribute "__proto__"/],
    ['refuses what is no object', [], /^what was given is \[\]; it should be an object of settings/],
  ] as const)
    it(why, () => {
      const checked = checkSettings(settings)
      assert.equal(checked.kind, 'invalid')
      assert.equal(checked.problems.length, 1, JSON.stringify(checked.problems))
      assert.match(checked.problems[0]?.message ?? '', message)
    })

  it('reports every problem at once', () => {
    const checked = checkSettings({ keyHoldDay: 1, scim: { sees: 'some' } })
    assert.equal(checked.kind === 'invalid' && checked.problems.length, 2)
  })
})

describe('merging settings', () => {
  for (const [why, current, patch, merged] of [
    ['leaves alone what is not named', { a: 1, b: 2 }, { b: 3 }, { a: 1, b: 3 }],
    ['takes away what is null', { a: 1, b: { c: 1, d: 2 } }, { a: null, b: { c: null } }, { b: { d: 2 } }],
    ['replaces lists whole', { a: [1, 2] }, { a: [3] }, { a: [3] }],
    ['replaces a value by an object', { a: 1 }, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
    ['replaces an object by a value', { a: { b: 1 } }, { a: 1 }, { a: 1 }],
  ] as const)
    it(`${why} (RFC 7396)`, () => assert.deepEqual(mergeSettings(current, patch), merged))

  it('never reaches a prototype', () => {
    const merged = mergeSettings(
      {},
      JSON.parse('{"__proto__":{"polluted":true},"a":{"constructor":{"prototype":{"polluted":true}}}}'),
    )
    assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
    assert.deepEqual(Object.keys(merged as object), ['__proto__', 'a'])
  })
})

describe('settings by path', () => {
  it('show each value under its own name, lists whole', () => {
    const settings: Settings = {
      matchOrder: ['netid'],
      scim: { sees: 'all', map: { netid: 'userName' } },
      authority: { 'name.givenName': ['scim'] },
    }
    assert.deepEqual(Object.fromEntries(settingsByPath(settings)), {
      matchOrder: ['netid'],
      'scim.sees': 'all',
      'scim.map.netid': 'userName',
      'authority["name.givenName"]': ['scim'],
    })
  })
})
