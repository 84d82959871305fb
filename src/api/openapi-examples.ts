/**
 * Bodies that the description shows; a test sends each of them.
 */

export const USER_EXAMPLES = {
  new: {
    summary: 'A new person, with the four fields that this needs and a netid',
    value: {
      netid: '00001234',
      email: 'ana.costa@univ.example',
      first_name: 'Ana',
      last_name: 'Costa',
      account_type: 'Student',
      year_of_graduation: 2028,
    },
  },
  update: {
    summary: 'One field of somebody known by netid; nothing else is touched',
    value: { netid: '00001234', phone_number: '+351 555 0101' },
  },
  clear: { summary: 'A field cleared', value: { netid: '00001234', phone_number: null } },
  tags: {
    summary: 'One tag more and one less',
    value: { netid: '00001234', user_tags: ['Athlete', '[DELETE]Scholar'], keep_existing_user_tags: true },
  },
  deactivate: { summary: 'Somebody leaves', value: { netid: '00001234', account_status: 'inactive' } },
} as const

export const BATCH_EXAMPLES = {
  two: {
    summary: 'Two people',
    value: {
      users: [
        { netid: '00001234', city: 'Porto', country: 'Portugal' },
        { email: 'bob.lee@univ.example', first_name: 'Bob', last_name: 'Lee', account_type: 'Staff' },
      ],
    },
  },
} as const

export const NDJSON_EXAMPLE = {
  two: {
    summary: 'Two people, one a line',
    value: '{"netid": "00001234", "degree": "BSc"}\n{"email": "bob.lee@univ.example", "work_title": "Librarian"}\n',
  },
} as const
