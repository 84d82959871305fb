import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { anInstitution } from '../../test/builders.ts'
import type { Change, Problem } from './change.ts'
import { faultsIn, flatChange } from './flat-change.ts'
import { changedFields, flatUserOf } from './flat-record.ts'
import type { Settings } from './settings.ts'
import type { JsonObject, Resource, Source, User } from './user.ts'

const ADA = { netid: 'ada1', email: 'ada@uni.example', first_name: 'Ada', last_name: 'King', account_type: 'Student' }

describe('a flat change', () => {
  describe('reads values', () => {
    for (const [why, sent, expected] of [
      ['trims text', { first_name: '  Ada ' }, { first_name: 'Ada' }],
      ['puts text into its composed form', { first_name: 'Zoe\u0308' }, { first_name: 'Zoë' }],
      ['keeps leading zeros of a netid', { netid2: '00042' }, { netid2: '00042' }],
      ['takes an account type in any case', { account_type: 'sTAFF' }, { account_type: 'Staff' }],
      ['takes a country by name', { country: 'portugal' }, { country: 'PT' }],
      ['takes a country by a name in another order', { country: 'Iran, Islamic Republic of' }, { country: 'IR' }],
      ['takes a country with an article', { country: 'Gambia (the)' }, { country: 'GM' }],
      ['takes a country that others call otherwise by its name in the standard', { country: 'Cabo Verde' }, { country: 'CV' }],
      ['takes a country by a code that is a small word', { country: 'AND' }, { country: 'AD' }],
      ['takes a country by its alpha-3 code', { country: 'bra' }, { country: 'BR' }],
      ['takes a nationality by the name of a country', { nationality: 'Japan' }, { nationality: 'JP' }],
      ['keeps a nationality that is an adjective', { nationality: 'Japanese' }, { nationality: 'Japanese' }],
      ['takes numbers as text', { year_of_entry: '2024', month_of_entry: '09' }, { year_of_entry: 2024, month_of_entry: 9 }],
      [
        'takes the first and the last of what may be',
        { year_of_entry: 1900, year_of_graduation: '2200' },
        { year_of_entry: 1900, year_of_graduation: 2200 },
      ],
      [
        'takes December and January',
        { month_of_entry: '12', month_of_graduation: '1' },
        { month_of_entry: 12, month_of_graduation: 1 },
      ],
      ['takes months by name', { month_of_graduation: 'Sept' }, { month_of_graduation: 9 }],
      ['takes words for the status', { account_status: 'Non' }, { account_status: 'inactive' }],
      ['takes false for the status', { account_status: false }, { account_status: 'inactive' }],
      ['takes 1 for the status', { account_status: 1 }, { account_status: 'active' }],
      ['takes tags as a list', { user_tags: ['Greek', ' Scholar '] }, { user_tags: ['Greek', 'Scholar'] }],
      ['takes tags as text', { user_tags: 'Greek, Scholar,' }, { user_tags: ['Greek', 'Scholar'] }],
      ['counts letters of a tag, and not their halves', { user_tags: '🎓'.repeat(200) }, { user_tags: ['🎓'.repeat(200)] }],
      ['puts tags into their composed form', { user_tags: 'Bog\u0306' }, { user_tags: ['Boğ'] }],
      ['counts tags that differ in case once', { user_tags: ['Greek', 'greek'] }, { user_tags: ['greek'] }],
      ['takes older names', { year_of_grad: 2027, title: 'Librarian' }, { year_of_graduation: 2027, work_title: 'Librarian' }],
      ['keeps line ends', { bio: 'one\ntwo' }, { bio: 'one\ntwo' }],
      ['keeps joined emoji', { pronouns: '👨‍🏫' }, { pronouns: '👨‍🏫' }],
      ['takes an internationalised address', { email: 'öykü@üni.example' }, { email: 'öykü@üni.example' }],
    ] as const) {
      it(why, () => {
        const created = applied(flatChange({ ...ADA, ...sent }, sender()))
        assert.deepEqual(flatUserOf(created), { ...ADA, account_status: 'active', ...expected })
      })
    }
  })

  describe('refuses, naming the field and a code', () => {
    for (const [why, sent, field, code, says] of [
      ['an unknown field, with the nearest', { frist_name: 'Ada' }, 'frist_name', 'field_unknown', 'did you mean "first_name"'],
      [
        'a name near another one of a field',
        { yaer_of_grad: 2027 },
        'yaer_of_grad',
        'field_unknown',
        'did you mean "year_of_graduation"',
      ],
      ['a name of the language', JSON.parse('{"__proto__": "x"}'), '__proto__', 'field_unknown', ''],
      ['one field under two names', { mail: 'a@uni.example' }, 'email', 'field_twice', 'mail'],
      ['a number for a name', { first_name: 7 }, 'first_name', 'value_type', 'first_name is a number; it should be text or null'],
      ['an object for text', { city: {} }, 'city', 'value_type', 'an object'],
      ['a list of numbers for tags', { user_tags: ['a', 7] }, 'user_tags', 'value_type', 'element 2 is a number'],
      ['an empty id', { id: '' }, 'id', 'value_invalid', 'id is an empty text: leave it out where there is none'],
      ['a fraction of a year', { year_of_entry: 2024.5 }, 'year_of_entry', 'value_type', 'fraction'],
      ['a month past December', { month_of_entry: 13 }, 'month_of_entry', 'value_invalid', 'from 1 to 12'],
      ['a month past December as text', { month_of_entry: '13' }, 'month_of_entry', 'value_invalid', 'from 1 to 12'],
      ['a misspelt month', { month_of_entry: 'Setpember' }, 'month_of_entry', 'value_invalid', 'did you mean "september"'],
      ['a date for a year', { year_of_entry: '2024-09-01' }, 'year_of_entry', 'value_invalid', '1900 to 2200'],
      ['a text past its length', { zipcode: 'x'.repeat(33) }, 'zipcode', 'value_too_long', 'at most 32 characters'],
      ['no address', { email: 'ada at uni' }, 'email', 'email_invalid', 'name@example.edu'],
      ['an address without a domain', { alumni_email: 'ada@' }, 'alumni_email', 'email_invalid', ''],
      ['an unknown account type', { account_type: 'Studnet' }, 'account_type', 'account_type_unknown', 'did you mean "Student"'],
      ['an unknown country', { country: 'Portugall' }, 'country', 'country_unknown', 'did you mean "Portugal"'],
      ['a small word for a country', { country: 'the' }, 'country', 'country_unknown', ''],
      ['a dash for a country', { country: '-' }, 'country', 'country_unknown', ''],
      ['a country that could be two', { country: 'Congo' }, 'country', 'country_unknown', ''],
      ['a status that is none', { account_status: 'perhaps' }, 'account_status', 'value_invalid', 'active or inactive'],
      ['a control character', { first_name: 'A\u0000da' }, 'first_name', 'control_character', 'U+0000'],
      ['a text that shows as another', { first_name: '\u202eadA' }, 'first_name', 'control_character', 'U+202E'],
      ['half a character', { bio: '\ud800' }, 'bio', 'value_invalid', 'surrogate'],
      ['a required field cleared', { last_name: null }, 'last_name', 'required_cleared', ''],
      ['a required field cleared in words', { email: '[[CLEAR]]' }, 'email', 'required_cleared', ''],
      ['a status cleared', { account_status: null }, 'account_status', 'required_cleared', ''],
      ['a tag past its length', { user_tags: `Greek, ${'x'.repeat(257)}` }, 'user_tags', 'value_too_long', '256'],
      ['a status of one letter', { account_status: 'n' }, 'account_status', 'value_invalid', 'did you mean "no"'],
      [
        'a flag that is none',
        { keep_existing_user_tags: 'maybe' },
        'keep_existing_user_tags',
        'value_invalid',
        'is "maybe"; it should be true or false',
      ],
    ] as const) {
      it(why, () => {
        const problems = refused(flatChange({ ...ADA, ...sent }, sender()))
        assert.deepEqual(
          problems.map((problem) => [problem.field, problem.code]),
          [[field, code]],
        )
        assert.ok(problems[0]?.message.includes(says), problems[0]?.message)
      })
    }

    it('all of it at once', () => {
      const problems = refused(flatChange({ email: 'x', nope: 1, country: 'Nowhere', year_of_entry: 3 }, sender()))
      assert.deepEqual(problems.map(({ field }) => field).sort(), ['country', 'email', 'nope', 'year_of_entry'])
    })

    it('what is no object', () => {
      for (const sent of [null, [], 'x', 7]) assert.equal(refused(flatChange(sent, sender()))[0]?.code, 'value_type')
    })

    it('what names nobody, and says by what whoever sent it can name somebody', () => {
      const said = (source: Source) => refused(flatChange({ city: 'Porto' }, sender({}, source)))[0]?.message
      assert.match(said('api') ?? '', /: send email, netid, netid2, netid3 or id$/)
      assert.match(said('file:sis') ?? '', /: send email, netid, netid2 or netid3$/)
    })

    it('what names nobody, with all else that is wrong', () => {
      assert.deepEqual(
        refused(flatChange({ city: 'Porto' }, sender())).map(({ code }) => code),
        ['required_missing'],
      )
      assert.deepEqual(
        refused(flatChange({ city: 'Porto', country: 'Portugall' }, sender())).map(({ field, code }) => [field, code]),
        [
          ['country', 'country_unknown'],
          ['email', 'required_missing'],
        ],
      )
    })

    it('an object full of strange names, in a bounded answer', () => {
      const strange = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`x${index}`, 1]))
      assert.ok(refused(flatChange(strange, sender())).length <= 51)
    })
  })

  it('has a thousand tags at most, and says so by the name of the field', () => {
    const tags = Array.from({ length: 1001 }, (_, n) => `tag ${n}`).join(',')
    const [problem] = refused(edited(flatChange({ netid: 'ada1', user_tags: tags }, sender()), {}))
    assert.deepEqual([problem?.field, problem?.code], ['user_tags', 'value_too_long'])
  })

  describe('of a known person', () => {
    const there: Resource = {
      userName: 'x',
      active: true,
      title: 'Zoe\u0308',
      name: { givenName: 'Ada', familyName: 'King', middleName: 'B' },
      userType: 'Student',
      emails: [
        { value: 'home@x.example', type: 'home' },
        { value: 'Ada@Uni.example', type: 'work', primary: true, display: 'Ada' },
      ],
      phoneNumbers: [
        { value: '1', type: 'mobile' },
        { value: '2', type: 'work' },
      ],
      addresses: [{ type: 'work', locality: 'Porto', country: 'PT' }],
      campus: { netid: 'Ada1', tags: ['Greek', 'Scholar'], biography: 'Maps.' },
    }
    for (const [why, sent, changes] of [
      ['leaves alone what was not sent', {}, {}],
      ['leaves alone what was sent empty', { bio: '', city: '  ' }, {}],
      ['clears what was sent as null', { bio: null }, { campus: { netid: 'Ada1', tags: ['Greek', 'Scholar'] } }],
      ['clears what was sent as [[CLEAR]]', { middle_initial: '[[clear]]' }, { name: { givenName: 'Ada', familyName: 'King' } }],
      ['takes a key in another case for the same', { netid: 'ADA1', email: 'ada@uni.EXAMPLE' }, {}],
      ['takes a text in another normal form for the same', { work_title: 'Zoë' }, {}],
      [
        'puts a new address in the place of the one that stands for the person',
        { email: 'ak@uni.example' },
        {
          emails: [
            { value: 'home@x.example', type: 'home' },
            { value: 'ak@uni.example', type: 'work', primary: true },
          ],
        },
      ],
      [
        'makes an address that is there the one that stands for the person, and loses none',
        { email: 'HOME@x.example' },
        {
          emails: [
            { value: 'home@x.example', type: 'home', primary: true },
            { value: 'Ada@Uni.example', type: 'work', display: 'Ada' },
          ],
        },
      ],
      ['adds no tags where there are none to add', { user_tags: [], keep_existing_user_tags: true }, {}],
      [
        'changes the phone of one type alone',
        { phone_number: '3' },
        {
          phoneNumbers: [
            { value: '1', type: 'mobile' },
            { value: '3', type: 'work' },
          ],
        },
      ],
      ['removes an element that holds nothing more', { mobile_number: null }, { phoneNumbers: [{ value: '2', type: 'work' }] }],
      ['changes one part of an address', { city: 'Faro' }, { addresses: [{ type: 'work', locality: 'Faro', country: 'PT' }] }],
      [
        'replaces tags',
        { user_tags: ['scholar', 'Athlete'] },
        { campus: { netid: 'Ada1', tags: ['Scholar', 'Athlete'], biography: 'Maps.' } },
      ],
      ['takes tags in another order for the same', { user_tags: 'scholar,greek' }, {}],
      [
        'replaces tags by a list that takes others away',
        { user_tags: 'Athlete, [DELETE]greek' },
        { campus: { netid: 'Ada1', tags: ['Athlete'], biography: 'Maps.' } },
      ],
      ['clears tags by null', { user_tags: null }, { campus: { netid: 'Ada1', biography: 'Maps.' } }],
      [
        'adds tags to those there, and takes one away',
        { user_tags: '[DELETE]greek, Athlete', keep_existing_user_tags: 'yes' },
        { campus: { netid: 'Ada1', tags: ['Scholar', 'Athlete'], biography: 'Maps.' } },
      ],
      [
        'takes tags away and leaves the others',
        { user_tags: ['[DELETE] Greek'] },
        { campus: { netid: 'Ada1', tags: ['Scholar'], biography: 'Maps.' } },
      ],
      ['clears tags', { user_tags: '[[CLEAR]]' }, { campus: { netid: 'Ada1', biography: 'Maps.' } }],
      ['clears tags by an empty list', { user_tags: [] }, { campus: { netid: 'Ada1', biography: 'Maps.' } }],
      [
        'clears tags before it adds',
        { user_tags: ['[[CLEAR]]', 'Greek', 'New'], keep_existing_user_tags: true },
        { campus: { netid: 'Ada1', tags: ['Greek', 'New'], biography: 'Maps.' } },
      ],
      ['deactivates', { account_status: 'inactive' }, { active: false }],
    ] as const) {
      it(why, () => {
        const change = flatChange({ netid: 'ada1', ...sent }, sender())
        assert.deepEqual(applied(change, there), { ...there, ...(changes as JsonObject) })
      })
    }

    const home = { value: 'ada@x.example', type: 'home' }
    const next = 'next@x.example'
    for (const [why, emails, changed] of [
      ['the only one, of whatever type', [home], [{ ...home, value: next }]],
      [
        'the first where none is primary or of work',
        [home, { ...home, value: 'b@x.example' }],
        [
          { ...home, value: next },
          { ...home, value: 'b@x.example' },
        ],
      ],
      [
        'the primary of two that are spelt alike',
        [home, { ...home, primary: true }],
        [home, { ...home, value: next, primary: true }],
      ],
      [
        'the one of work of two that are spelt alike',
        [home, { ...home, type: 'work' }],
        [home, { ...home, value: next, type: 'work' }],
      ],
      ['none where none has a value', [{ type: 'home' }], [{ type: 'home' }, { type: 'work', primary: true, value: next }]],
    ] as const) {
      it(`with another e-mail replaces ${why}`, () => {
        const change = flatChange({ netid: 'ada1', email: next }, sender())
        assert.deepEqual(applied(change, { ...there, emails }).emails, changed)
      })
    }

    it('keeps the phones of other types when one is added', () => {
      const phoneNumbers = [{ value: '1', type: 'mobile' }]
      const change = flatChange({ netid: 'ada1', phone_number: '2' }, sender())
      assert.deepEqual(applied(change, { ...there, phoneNumbers }).phoneNumbers, there.phoneNumbers)
    })

    it('is told apart by field where one slot holds several', () => {
      const next = applied(flatChange({ netid: 'ada1', city: 'Faro', user_tags: 'a', country: 'PT' }, sender()), there)
      assert.deepEqual(changedFields(there, next), ['city', 'user_tags'])
    })
  })

  it('names its target by folded keys, and the person as sent', () => {
    const change = flatChange({ ...ADA, netid: 'ADA1', netid3: null }, sender())
    assert.ok('target' in change)
    assert.deepEqual(change.target, { keys: { netid: 'ada1', email: 'ada@uni.example' } })
    assert.deepEqual(change.names, { givenName: 'Ada', familyName: 'King' })
    assert.equal(change.intent, 'upsert')
  })

  it('says who sent it, in which run and row', () => {
    const by = { credential: 'token-1', run: 'run-1', row: 7 }
    assert.partialDeepStrictEqual(flatChange(ADA, { ...sender(), ...by }), { source: 'api', ...by })
    const change = flatChange(ADA, sender())
    for (const name of Object.keys(by)) assert.ok(!(name in change), name)
  })

  it('goes to one record by its id', () => {
    const change = flatChange({ id: 'x1', netid: 'n' }, sender())
    assert.ok('target' in change)
    assert.deepEqual([change.target, change.intent], [{ id: 'x1' }, 'update'])
  })

  describe('of a new person', () => {
    it('needs four fields, and names those that lack', () => {
      const problems = refused(edited(flatChange({ netid: 'n', first_name: 'A' }, sender())))
      assert.deepEqual(
        problems.map(({ field, code }) => [field, code]),
        ['email', 'last_name', 'account_type'].map((field) => [field, 'required_missing']),
      )
    })

    for (const [why, sent, named] of [
      [
        'is told what lacks with what is wrong',
        { netid: 'n', email: 'x', account_type: 'Studnet' },
        ['email', 'account_type', 'first_name', 'last_name'],
      ],
      [
        'is told so too where nothing but a bad address says who it is',
        { email: 'x', last_name: 'King' },
        ['email', 'first_name', 'account_type'],
      ],
      [
        'is told so too where fields are not known',
        { netid: 'n', frist_name: 'A' },
        ['frist_name', 'email', 'first_name', 'last_name', 'account_type'],
      ],
    ] as const) {
      it(why, () => {
        const change = flatChange(sent, sender())
        assert.deepEqual(
          refused(edited(change)).map(({ field }) => field),
          named,
        )
        assert.deepEqual(
          refused(edited(change, {})).map(({ code }) => code),
          faultsIn(change).map(({ code }) => code),
        )
      })
    }

    for (const [why, sent] of [
      ['a netid cannot be read', { netid: 42, email: 'ada@uni.example' }],
      ['a netid is not allowed', { netid: 'a\u0000', email: 'ada@uni.example' }],
      ['two addresses are sent', { email: 'ada@uni.example', mail: 'ak@uni.example' }],
    ] as const) {
      it(`cannot be told from a known one where ${why}`, () => {
        assert.ok(!('edit' in flatChange(sent, sender())))
      })
    }

    it('needs what the institution asks for beyond', () => {
      const problems = refused(edited(flatChange(ADA, sender({ required: { api: ['netid2'] } }))))
      assert.deepEqual(
        problems.map(({ field }) => field),
        ['netid2'],
      )
    })

    it('needs no account type where there is a default', () => {
      const { account_type: _, ...rest } = ADA
      assert.ok('resource' in edited(flatChange(rest, sender({ defaultAccountType: 'Guest' }))))
    })
  })

  describe('under the settings of the institution', () => {
    it('takes only what a list has, in the spelling of the list', () => {
      const settings = { lookups: { gender: ['Female', 'Male'] } }
      assert.equal(flatUserOf(applied(flatChange({ ...ADA, gender: 'FEMALE' }, sender(settings)))).gender, 'Female')
      assert.equal(refused(flatChange({ ...ADA, gender: 'Femal' }, sender(settings)))[0]?.code, 'value_unknown')
    })

    it('clears by an empty text where the channel may, but nothing that is required', () => {
      const settings: Settings = { emptyClears: ['api'] }
      const there: Resource = { ...applied(flatChange({ ...ADA, bio: 'Maps.' }, sender())) }
      const next = applied(flatChange({ netid: 'ada1', bio: '', first_name: '' }, sender(settings)), there)
      assert.deepEqual(changedFields(there, next), ['bio'])
      assert.deepEqual(applied(flatChange({ netid: 'ada1', bio: '' }, sender(settings, 'file')), there), there)
    })

    it('clears by an empty text what is no tag where tags are only to be added, and tags where they are not', () => {
      const settings: Settings = { emptyClears: ['api'] }
      const there: Resource = { ...applied(flatChange({ ...ADA, bio: 'Maps.', user_tags: 'Greek' }, sender())) }
      const emptied = { netid: 'ada1', bio: '', user_tags: '' }
      const adding = applied(flatChange({ ...emptied, keep_existing_user_tags: true }, sender(settings)), there)
      assert.deepEqual(changedFields(there, adding), ['bio'])
      assert.deepEqual(changedFields(there, applied(flatChange(emptied, sender(settings)), there)), ['bio', 'user_tags'])
    })
  })
})

function sender(settings: Settings = {}, source: Source = 'api') {
  return { institution: anInstitution(settings), source }
}

type Made = ReturnType<typeof flatChange>

function edited(change: Made, there?: Resource) {
  assert.ok('target' in change, JSON.stringify(change))
  const current = there === undefined ? undefined : { resource: there, user: { resource: there } as User }
  return (change as Change).edit(current, { now: 0 })
}

function applied(change: Made, there?: Resource): Resource {
  const draft = edited(change, there)
  assert.ok('resource' in draft, JSON.stringify(draft))
  return draft.resource.active === undefined ? { ...draft.resource } : draft.resource
}

function refused(result: Made | ReturnType<Change['edit']>): readonly Problem[] {
  if ('kind' in result && result.kind === 'invalid') return result.problems
  assert.ok('edit' in result || Array.isArray(result), JSON.stringify(result))
  return faultsIn(result)
}
