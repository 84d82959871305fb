/**
 * People to measure with: the same ones for every server, about 1.1 kB each, of a number alone.
 */

const GIVEN = [
  'Ada',
  'Grace',
  'Alan',
  'Edsger',
  'Barbara',
  'Donald',
  'Frances',
  'Niklaus',
  'Radia',
  'Tony',
  'Zoë',
  'Łukasz',
  'Ji-woo',
  'María',
]
const FAMILY = [
  'Lovelace',
  'Hopper',
  'Turing',
  'Dijkstra',
  'Liskov',
  'Knuth',
  'Allen',
  'Wirth',
  'Perlman',
  'Hoare',
  'Müller',
  'Nguyễn',
  'Okafor',
]
const PROGRAMS = ['History', 'Physics', 'Computer Science', 'Law', 'Medicine', 'Architecture', 'Music', 'Philosophy']
const TYPES = ['Student', 'Student', 'Student', 'Student', 'Faculty', 'Staff', 'Alumni']

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const CAMPUS = 'urn:ietf:params:scim:schemas:extension:campus:2.0:User'

function pick(list: readonly string[], number: number): string {
  return list[number % list.length] as string
}

export function userNameOf(number: number): string {
  return `p${number}@campus.example`
}

/** The body of a create as a large identity provider sends it. */
export function personOf(number: number) {
  const given = pick(GIVEN, number)
  const family = pick(FAMILY, number * 7)
  const year = 2024 + (number % 6)
  return {
    schemas: [CORE, ENTERPRISE, CAMPUS],
    externalId: `00u${number.toString(36).padStart(17, '0')}`,
    userName: userNameOf(number),
    name: { formatted: `${given} ${family}`, familyName: family, givenName: given },
    displayName: `${given} ${family} ${number}`,
    title: number % 3 === 0 ? 'Research Assistant' : 'Undergraduate',
    userType: pick(TYPES, number),
    preferredLanguage: 'en-US',
    active: true,
    emails: [
      { value: userNameOf(number), type: 'work', primary: true },
      { value: `person.${number}@mail.example`, type: 'home' },
    ],
    phoneNumbers: [{ value: `+1-555-${String(number % 10_000_000).padStart(7, '0')}`, type: 'mobile' }],
    addresses: [
      {
        type: 'home',
        streetAddress: `${number % 997} College Street`,
        locality: 'Springfield',
        region: 'IL',
        postalCode: String(60_000 + (number % 9999)),
        country: 'US',
      },
    ],
    [ENTERPRISE]: {
      employeeNumber: String(700_000 + number),
      department: pick(PROGRAMS, number),
      costCenter: String(4000 + (number % 100)),
    },
    [CAMPUS]: {
      netid: `n${number}`,
      program: pick(PROGRAMS, number),
      degree: 'BSc',
      entryYear: year - 4,
      graduationYear: year,
      tags: ['dorm', 'band'],
    },
  }
}
