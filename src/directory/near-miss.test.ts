import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nearMiss } from './near-miss.ts'

const COMMANDS = ['serve', 'institution', 'token', 'user', 'import', 'files', 'template']

describe('the near miss', () => {
  for (const [why, word, found] of [
    ['finds a swap of neighbours', 'sevre', 'serve'],
    ['finds a letter left out', 'institutin', 'institution'],
    ['finds another case', 'TOKEN', 'token'],
    ['finds a plural', 'users', 'user'],
    ['prefers the nearest', 'file', 'files'],
    ['keeps quiet about a word that resembles nothing', 'backup', undefined],
    ['keeps quiet about an empty word', '', undefined],
  ] as const)
    it(why, () => assert.equal(nearMiss(word, COMMANDS), found))

  it('survives words with prototype names', () => assert.equal(nearMiss('__proto__', ['constructor']), undefined))
})
