import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { aChange, anInstitution } from '../../test/builders.ts'
import { forEachStore } from '../../test/stores.ts'
import { apply } from '../directory/apply.ts'
import type { Change } from '../directory/change.ts'
import { flatUserOf } from '../directory/flat-record.ts'
import { fieldOwners } from '../directory/flat-told.ts'
import type { Gate } from '../directory/gate.ts'
import { openGate } from '../directory/gate.ts'
import type { IdpSettings, SamlSettings, Settings } from '../directory/settings.ts'
import type { User } from '../directory/user.ts'
import { EVERYTHING } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import { admitPerson } from './admit-person.ts'

const IDP: IdpSettings = { entityId: 'https://idp.uni.edu/', ssoUrl: 'https://idp.uni.edu/sso', certificates: ['MII'] }
const TRANSIENT = { value: '_x', format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' }
const ADA = { uid: 'ada', mail: 'ada@uni.edu', givenName: 'Ada', sn: 'Lovelace', eduPersonPrimaryAffiliation: 'student' }
const ON_ROLL = { netid: 'ada', email: 'ada@uni.edu', first: 'Ada', last: 'Lovelace' }

type Sent = { readonly [name: string]: string | readonly string[] }

await forEachStore((name, place) => {
  describe(`whoever signs in, on ${name}`, () => {
    let store: Store
    let gate: Gate
    before(async () => {
      store = await place().open()
      gate = openGate(store)
    })
    after(() => store[Symbol.asyncDispose]())

    /** Another institution for each test: nobody is on its roll but those given. */
    async function university(saml: SamlSettings = {}, settings: Settings = {}, people: readonly Change[] = []) {
      const institution = anInstitution({ ...settings, saml: { idp: IDP, ...saml } })
      const outcomes = people.length === 0 ? [] : await apply(store, institution, people)
      const signIn = (sent: Sent, over: Gate = gate) =>
        admitPerson(
          {
            idp: saml.idp ?? IDP,
            nameId: TRANSIENT,
            nested: new Set(),
            attributes: new Map(Object.entries(sent).map(([key, values]) => [key, [values].flat()])),
          },
          institution,
          (change) => over.submit(institution, change),
        )
      const roll = async () => (await store.find('users', institution._id, { where: EVERYTHING, limit: 100 })) as User[]
      return { institution, outcomes, signIn, roll }
    }

    it('and is not on the roll is created, by the source of the identity provider', async () => {
      const { signIn, roll } = await university()
      const admitted = await signIn(ADA)
      assert.ok(admitted.kind === 'in')
      assert.equal(admitted.outcome, 'created')
      const [user, ...others] = await roll()
      assert.ok(user)
      assert.deepEqual(others, [])
      assert.deepEqual(flatUserOf(user.resource), {
        netid: 'ada',
        email: 'ada@uni.edu',
        first_name: 'Ada',
        last_name: 'Lovelace',
        account_type: 'Student',
        account_status: 'active',
      })
      assert.equal(fieldOwners(user).email?.source, 'saml')
    })

    it('and was on it, or signs in again, is found and left alone', async () => {
      const { signIn, roll } = await university({}, {}, [aChange({ ...ON_ROLL, first: 'Augusta' })])
      for (let time = 0; time < 2; time++) assert.equal((await signIn(ADA)).kind, 'in')
      const [user, ...others] = await roll()
      assert.deepEqual(others, [])
      assert.equal(user && flatUserOf(user.resource).first_name, 'Augusta')
      assert.equal(await store.count('events', user?.institution ?? '', EVERYTHING), 1)
    })

    for (const [update, first_name, work_title] of [
      ['never', 'Augusta', undefined],
      ['gaps', 'Augusta', 'Countess'],
      ['always', 'Ada', 'Countess'],
    ] as const) {
      it(`has what is known ${update === 'never' ? 'left alone' : update === 'gaps' ? 'completed' : 'updated'} when update is "${update}"`, async () => {
        const { signIn, roll } = await university({ update, attributes: { work_title: ['title'] } }, {}, [
          aChange({ ...ON_ROLL, first: 'Augusta' }),
        ])
        const admitted = await signIn({ ...ADA, title: 'Countess' })
        assert.equal(admitted.kind === 'in' && admitted.outcome, update === 'never' ? 'unchanged' : 'updated')
        const [user] = await roll()
        const flat = user === undefined ? {} : flatUserOf(user.resource)
        assert.deepEqual([flat.first_name, flat.work_title], [first_name, work_title])
      })
    }

    it('updates nothing that a higher-ranked source keeps', async () => {
      const { signIn, roll } = await university({ update: 'always' }, { authority: { first_name: ['file', 'saml'] } }, [
        aChange({ ...ON_ROLL, first: 'Augusta' }),
      ])
      assert.equal((await signIn(ADA)).kind, 'in')
      const [user] = await roll()
      assert.equal(user && flatUserOf(user.resource).first_name, 'Augusta')
    })

    it('gets another account type by a value alone, never by what everybody gets', async () => {
      const person = { ...ADA, eduPersonPrimaryAffiliation: [] }
      const { signIn, roll, institution } = await university({
        update: 'always',
        accountType: { attribute: 'eduPersonPrimaryAffiliation', map: { faculty: 'Faculty' }, default: 'Guest' },
      })
      assert.equal((await signIn({ ...ADA, eduPersonPrimaryAffiliation: 'faculty' })).kind, 'in')
      assert.equal((await signIn(person)).kind, 'in')
      const [user] = await roll()
      assert.equal(user && flatUserOf(user.resource).account_type, 'Faculty', institution._id)
    })

    it('becomes one record, however many first sign-ins there are at once and in however many processes', async () => {
      const { signIn, roll } = await university()
      const gates = [gate, openGate(store), openGate(store)]
      const all = await Promise.all(Array.from({ length: 100 }, (_, turn) => signIn(ADA, gates[turn % gates.length])))
      const ids = new Set(all.map((one) => (one.kind === 'in' ? one.user._id : one.refusal.code)))
      assert.equal(ids.size, 1)
      assert.equal((await roll()).length, 1)
      assert.equal(all.filter((one) => one.kind === 'in' && one.outcome === 'created').length, 1)
    })

    for (const [why, { saml = {}, settings = {}, people = [], sent = ADA }, failure, code, detail] of [
      [
        'who lacks what a new person needs',
        { sent: { uid: 'bare' } },
        'incomplete',
        'required_missing',
        /^email is missing: [^;]* a new person needs it; so are first_name, last_name, account_type$/,
      ],
      [
        'who lacks what the institution asks for beyond',
        { settings: { required: { saml: ['phone_number'] } } },
        'incomplete',
        'required_missing',
        /^phone_number is missing/,
      ],
      [
        'of whom nothing is known',
        { sent: { color: 'green' } },
        'incomplete',
        'required_missing',
        /^nobody can be found or created without a match key/,
      ],
      [
        'whose type nothing tells',
        { sent: { ...ADA, eduPersonPrimaryAffiliation: 'member' } },
        'incomplete',
        'required_missing',
        /^account_type is missing/,
      ],
      [
        'whose address is none',
        { sent: { ...ADA, mail: 'n/a' } },
        'incomplete',
        'email_invalid',
        /^what mail says cannot be the email of anybody \(email_invalid\); email is missing/,
      ],
      [
        'who is a stranger where sign-ins create nobody',
        { saml: { create: false } },
        'stranger',
        'not_on_roll',
        /setting saml\.create/,
      ],
      ['who has two netids', { sent: { ...ADA, uid: ['ada', 'eve'] } }, 'conflict', 'value_several', /^uid has 2 values/],
      [
        'whose netid is none',
        { sent: { ...ADA, uid: 'a'.repeat(300) } },
        'conflict',
        'value_too_long',
        /^what uid says cannot be the netid of anybody/,
      ],
      [
        'whose netid shows nothing, with the address of somebody here',
        { people: [aChange(ON_ROLL)], sent: { ...ADA, uid: '\u200b' } },
        'conflict',
        'value_blank',
        /^uid is read as netid, and what it says is nobody’s/,
      ],
      [
        'who is of another institution, and says the address of somebody here',
        {
          people: [aChange(ON_ROLL)],
          saml: { idp: { ...IDP, scopes: ['uni.edu'] }, attributes: { netid: ['eduPersonPrincipalName'] } },
          sent: { eduPersonPrincipalName: 'eve@elsewhere.edu', mail: 'ada@uni.edu' },
        },
        'conflict',
        'value_scope',
        /^eduPersonPrincipalName is mapped to netid, and its scope is none/,
      ],
      [
        'who is of another institution by what metadata says',
        {
          saml: { idp: { ...IDP, metadataScopes: ['uni.edu'] }, attributes: { netid: ['eduPersonPrincipalName'] } },
          sent: { eduPersonPrincipalName: 'eve@elsewhere.edu', mail: 'eve@elsewhere.edu' },
        },
        'conflict',
        'value_scope',
        /^eduPersonPrincipalName is mapped to netid, and its scope is none/,
      ],
      [
        'whose address belongs to somebody with another netid',
        { people: [aChange({ ...ON_ROLL, netid: 'old' })] },
        'conflict',
        'key_disagrees',
        /recycled address/,
      ],
      [
        'whose address belongs to somebody with another netid and the same name',
        { people: [aChange({ ...ON_ROLL, netid: 'old' })], saml: { update: 'always' } },
        'conflict',
        'key_disagrees',
        /recycled address/,
      ],
      [
        'whose keys are those of two people',
        { people: [aChange({ ...ON_ROLL, email: 'a@uni.edu' }), aChange({ ...ON_ROLL, netid: 'eve' })] },
        'conflict',
        'key_conflict',
        /belongs to another person/,
      ],
      [
        'who is inactive',
        { people: [aChange({ ...ON_ROLL, active: false })] },
        'inactive',
        'inactive',
        /setting saml\.reactivate/,
      ],
      [
        'who is inactive and would be updated',
        { people: [aChange({ ...ON_ROLL, active: false })], saml: { update: 'always' } },
        'inactive',
        'inactive',
        /setting saml\.reactivate/,
      ],
    ] as const satisfies readonly (readonly [
      string,
      { saml?: SamlSettings; settings?: Settings; people?: readonly Change[]; sent?: Sent },
      string,
      string,
      RegExp,
    ])[]) {
      it(`is turned away, and nothing is written: ${why}`, async () => {
        const { signIn, roll, institution } = await university(saml, settings, people)
        const before = await roll()
        const turned = await signIn(sent)
        assert.ok(turned.kind === 'out')
        assert.deepEqual([turned.refusal.failure, turned.refusal.code], [failure, code])
        assert.match(turned.refusal.detail, detail)
        assert.deepEqual(turned.refusal.attributeNames, Object.keys(sent))
        assert.doesNotMatch(JSON.stringify(turned.refusal), /ada@|lovelace|n\/a|aaaa/i)
        assert.deepEqual(await roll(), before, institution._id)
      })
    }

    it('comes in although a value that nobody needs is none', async () => {
      const { signIn } = await university({ attributes: { country: ['co'], alumni_email: ['other'] } })
      const admitted = await signIn({ ...ADA, co: 'Atlantis', other: 'nobody' })
      assert.ok(admitted.kind === 'in')
      assert.equal(flatUserOf(admitted.user.resource).country, undefined)
    })

    it('cannot clear a field by the word that clears one elsewhere', async () => {
      const { signIn, roll } = await university({ update: 'always', attributes: { work_title: ['title'] } }, {}, [
        aChange({ ...ON_ROLL, title: 'Countess' }),
      ])
      assert.equal((await signIn({ ...ADA, title: '[[CLEAR]]' })).kind, 'in')
      const [user] = await roll()
      assert.equal(user && flatUserOf(user.resource).work_title, 'Countess')
    })

    it('is brought back where the institution says so, whoever switched the account off', async () => {
      const { signIn, roll } = await university({ reactivate: true }, {}, [
        aChange(ON_ROLL),
        aChange({ netid: 'ada', active: false }),
      ])
      assert.equal((await signIn(ADA)).kind, 'in')
      const [user] = await roll()
      assert.equal(user && flatUserOf(user.resource).account_status, 'active')
    })

    it('is not brought back against a source that ranks above sign-ins', async () => {
      const { signIn } = await university({ reactivate: true }, { authority: { active: ['file', 'saml'] } }, [
        aChange(ON_ROLL),
        aChange({ netid: 'ada', active: false }),
      ])
      const turned = await signIn(ADA)
      assert.equal(turned.kind === 'out' && turned.refusal.code, 'inactive')
    })
  })
})
