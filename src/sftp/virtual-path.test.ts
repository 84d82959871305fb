import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { placeOf, plainPath } from './virtual-path.ts'

const file = (name: string, folder = 'upload') => ({ kind: 'file', folder, name })

describe('a path that a client names', () => {
  for (const [path, place] of [
    ['', { kind: 'root' }],
    ['.', { kind: 'root' }],
    ['/', { kind: 'root' }],
    ['//./', { kind: 'root' }],
    ['/..', { kind: 'root' }],
    ['../../..', { kind: 'root' }],
    ['upload', { kind: 'folder', folder: 'upload' }],
    ['/reports/', { kind: 'folder', folder: 'reports' }],
    ['/upload/../archive', { kind: 'folder', folder: 'archive' }],
    ['/upload/people.csv', file('people.csv')],
    ['people.csv', file('people.csv')],
    ['/uploads/', { kind: 'nowhere' }],
    ['/upload/people.csv/.', { kind: 'nowhere' }],
    ['/../upload/./people.csv', file('people.csv')],
    ['/upload/../../etc/passwd', { kind: 'nowhere' }],
    ['/etc/passwd', { kind: 'nowhere' }],
    ['/upload/a/b.csv', { kind: 'nowhere' }],
    ['/Upload/people.csv', { kind: 'nowhere' }],
    ['/reports/x.txt', file('x.txt', 'reports')],
    ['..\\..\\etc\\passwd', file('..\\..\\etc\\passwd')],
    ['/__proto__', file('__proto__')],
    [`/upload/${'../'.repeat(2000)}etc`, { kind: 'nowhere' }],
  ] as const) {
    it(`like ${JSON.stringify(path.slice(0, 40))} is ${JSON.stringify(place)}`, () => assert.deepEqual(placeOf(path), place))
  }

  it('never names anything but one step in one of three folders', () => {
    const step = fc.oneof(fc.constantFrom('..', '.', '', 'upload', 'reports', 'archive', '~', '\0', '\\'), fc.string())
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const place = placeOf(steps.join('/'))
        if (place.kind === 'file') assert.ok(!place.name.includes('/') && !['', '.', '..'].includes(place.name))
      }),
    )
  })

  it('is written plainly as POSIX has it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '.', '/', 'b'), maxLength: 20 }), (path) => {
        assert.equal(plainPath(path), posix.resolve('/', path))
      }),
    )
  })
})
