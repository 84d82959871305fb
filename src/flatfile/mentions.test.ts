import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { newId } from '../directory/ids.ts'
import { Mentions } from './mentions.ts'

describe('mentions', () => {
  const names = Array.from({ length: 100_000 }, (_, n) => (n % 2 === 0 ? newId(Date.now()) : `netid:${n}`))

  it('know the last row of every name, and which row named it before', () => {
    const mentions = new Mentions()
    for (const [n, name] of names.entries()) assert.equal(mentions.add(name, n + 2), 0)
    for (const [n, name] of names.entries()) if (n % 3 === 0) assert.equal(mentions.add(name, n + 200_000), n + 2)
    for (const [n, name] of names.entries()) assert.equal(mentions.lastRow(name), n % 3 === 0 ? n + 200_000 : n + 2)
  })

  it('are the same in another thread', () => {
    const mentions = new Mentions()
    for (const [n, name] of names.entries()) mentions.add(name, n + 2)
    const there = new Mentions(structuredClone(mentions.parts))
    for (const [n, name] of names.entries()) assert.equal(there.lastRow(name), n + 2)
    assert.equal(there.add('netid:x', 1_000_000), 0)
  })

  it('take nobody else for one of them', () => {
    const mentions = new Mentions()
    for (const name of names) mentions.add(name, 2)
    const others = names.map((name, n) => (n % 2 === 0 ? newId(Date.now()) : name.replace(':', ':0')))
    assert.deepEqual(
      others.filter((name) => mentions.lastRow(name) > 0),
      [],
    )
  })
})
