import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Dialogue, Need } from './dialogue.ts'
import { readDialects, readDialogues } from './dialogue.ts'
import { readFilterCases } from './filter-cases.ts'

describe('the files of dialogues', () => {
  const dialogues = readDialogues()

  it('give every dialogue an id of its own that begins with its dialect', () => {
    assert.equal(new Set(dialogues.map(({ id }) => id)).size, dialogues.length)
    for (const { id, dialect } of dialogues) assert.ok(id.startsWith(`${dialect}/`), id)
    assert.ok(readDialects().has('entra') && readDialects().has('okta') && readDialects().has('rfc'))
  })

  it('name what a dialogue needs wherever it speaks of it', () => {
    const signs: readonly (readonly [Need, (dialogue: Dialogue) => boolean])[] = [
      ['groups', ({ steps }) => JSON.stringify(steps).includes('Group')],
      ['bulk', ({ steps }) => steps.some(({ path }) => path.startsWith('/Bulk'))],
      ['rest', ({ steps }) => steps.some(({ auth }) => auth === 'api')],
      ['sort', ({ steps }) => steps.some(({ path }) => path.includes('sortBy='))],
      ['etag', ({ steps }) => steps.some(({ headers = {} }) => 'if-match' in headers || 'if-none-match' in headers)],
    ]
    for (const dialogue of dialogues) {
      for (const [need, shows] of signs)
        if (shows(dialogue)) assert.ok(dialogue.needs?.includes(need), `${dialogue.id} needs ${need}`)
    }
  })

  it('are refused, with the place, when they are not of the shape', () => {
    const file = {
      dialect: 'rfc',
      about: 'x',
      dialogues: [{ id: 'rfc/x', clause: 'RFC 7644 3', what: 'x', steps: [{ method: 'GOT' }] }],
    }
    assert.throws(() => readDialogues([file]), /dialogues\/0\/steps\/0/)
  })
})

describe('the file of filters', () => {
  const { cases, users } = readFilterCases()

  it('names only users that it has', () => {
    const refs = new Set(users.map(({ ref }) => ref))
    for (const { id, matches = [], misses = [] } of cases)
      for (const ref of [...matches, ...misses]) assert.ok(refs.has(ref), `${id} ${ref}`)
  })

  it('gives every case an id of its own', () => assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length))

  it('is refused when it is not of the shape', () => assert.throws(() => readFilterCases({ users: [] }), /not a file of filters/))
})
