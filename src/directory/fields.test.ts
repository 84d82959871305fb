import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FIELDS, fieldNamed } from './fields.ts'
import { USER } from './schema.ts'

describe('flat fields', () => {
  it('are found by name and by what older interfaces call them, in any case', () => {
    for (const [name, field] of [
      ['netid3', 'netid3'],
      ['First_Name', 'first_name'],
      ['account_type_lookup', 'account_type'],
      ['year_of_grad', 'year_of_graduation'],
      ['title', 'work_title'],
    ] as const) {
      assert.equal(fieldNamed(name)?.name, field)
    }
  })

  it('know nothing of other names', () => {
    for (const name of ['', 'nope', '__proto__', 'constructor', 'first name']) assert.equal(fieldNamed(name), undefined)
  })

  it('share no name', () => {
    const names = FIELDS.flatMap(({ name, aliases }) => [name, ...aliases])
    assert.deepEqual(names, [...new Set(names)])
    assert.deepEqual(
      names,
      names.map((name) => name.toLowerCase()),
    )
  })

  it('lie each at a place of their own that the schemas know', () => {
    for (const { name, path } of FIELDS) {
      const [list = '', rest = ''] = path.split(/\[type eq "\w+"\]/)
      assert.ok(USER.resolve(`${list}${rest}`), name)
    }
    assert.equal(new Set(FIELDS.map(({ path }) => path)).size, FIELDS.length)
  })

  it('bound months and years', () => {
    for (const field of FIELDS.filter(({ type }) => type === 'integer')) {
      const [minimum, maximum] = field.name.startsWith('month') ? [1, 12] : [1900, 2200]
      assert.deepEqual([field.minimum, field.maximum], [minimum, maximum], field.name)
    }
  })
})
