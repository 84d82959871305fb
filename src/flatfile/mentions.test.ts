import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Mentions } from './mentions.ts'

describe('mentions', () => {
  it('know the last row of every key, however many there are', () => {
    const mentions = new Mentions()
    const names = Array.from({ length: 20_000 }, (_, n) => `netid:${n}`)
    for (const [n, name] of names.entries()) mentions.add(name, n + 2)
    for (const [n, name] of names.entries()) if (n % 3 === 0) mentions.add(name, n + 30_002)
    for (const [n, name] of names.entries()) assert.ok(mentions.lastRow(name) >= (n % 3 === 0 ? n + 30_002 : n + 2), name)
    const later = names.filter((name, n) => mentions.lastRow(name) > (n % 3 === 0 ? n + 30_002 : n + 2))
    assert.ok(later.length < 5, `${later.length} keys fall together`)
  })

  it('know nothing of a key that was never named', () => {
    const mentions = new Mentions()
    mentions.add('email:ada@uni.edu', 2)
    assert.equal(mentions.lastRow('email:bob@uni.edu'), 0)
  })
})
