import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Dialogue, Need } from './dialogue.ts'
import { readDialects, readDialogues } from './dialogue-files.ts'
import { parseFilterCases, readFilterCases } from './filter-cases.ts'
import { at, isObject, listOf } from './json.ts'
import { parseFiles } from './written.ts'

describe('the files of dialogues', () => {
  const dialogues = readDialogues()

  it('give every dialogue an id of its own that begins with its dialect', () => {
    assert.equal(new Set(dialogues.map(({ id }) => id)).size, dialogues.length)
    for (const { id, dialect } of dialogues) assert.ok(id.startsWith(`${dialect}/`), id)
    assert.ok(readDialects().has('entra') && readDialects().has('okta') && readDialects().has('rfc'))
  })

  it('name what a dialogue needs wherever it speaks of it', () => {
    const signs: readonly (readonly [Need, (dialogue: Dialogue) => boolean])[] = [
      [
        'groups',
        ({ steps }) =>
          steps.some(({ path, body }) => path.startsWith('/Groups') || JSON.stringify(body ?? '').includes('/Groups')),
      ],
      ['nested', ({ steps }) => JSON.stringify(steps).includes('"type":"Group"')],
      ['bulk', ({ steps }) => steps.some(({ path }) => path.startsWith('/Bulk'))],
      ['rest', ({ steps }) => steps.some(({ auth }) => auth === 'api')],
      ['sort', ({ steps }) => steps.some(({ path }) => path.includes('sortBy=') && !path.startsWith('/Schemas'))],
      ['etag', ({ steps }) => steps.some(({ headers = {} }) => 'if-match' in headers || 'if-none-match' in headers)],
    ]
    for (const dialogue of dialogues) {
      for (const [need, shows] of signs)
        if (shows(dialogue)) assert.ok(dialogue.needs?.includes(need), `${dialogue.id} needs ${need}`)
    }
  })

  it('begin the name of all that they make with the mark of the run', () => {
    for (const { id, steps } of dialogues) {
      const made = steps.flatMap(({ method, path, body }) => {
        if (method !== 'POST') return []
        if (path === '/Bulk') return listOf(at(body, '/Operations')).map((operation) => at(operation, '/data'))
        return /^\/(Users|Groups)(\?|$)/.test(path) ? [body] : []
      })
      for (const resource of made.filter(isObject)) {
        const name = resource.userName ?? resource.USERNAME ?? resource.displayName ?? ''
        if (typeof name === 'string' && name !== '') assert.match(name, /^\$\{rand\}/, id)
      }
    }
  })

  it('are refused, with the place, when they are not of the shape', () => {
    const file = {
      dialect: 'rfc',
      about: 'x',
      dialogues: [{ id: 'rfc/x', clause: 'RFC 7644 3', what: 'x', steps: [{ method: 'GOT' }] }],
    }
    assert.throws(() => parseFiles([file]), /dialogues\/0\/steps\/0/)
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

  it('is refused when it is not of the shape', () =>
    assert.throws(() => parseFilterCases({ users: [] }), /not a file of filters/))
})
