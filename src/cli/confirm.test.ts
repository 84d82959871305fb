import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { confirms } from './confirm.ts'

describe('a question at the terminal', () => {
  for (const [name, typed, isConfirmed] of [
    ['y', 'y\r', true],
    ['Yes', ' Yes\r', true],
    ['n', 'n\r', false],
    ['nothing', '\r', false],
    ['Ctrl-C', '\x03', false],
    ['Ctrl-D', '\x04', false],
  ] as const)
    it(`takes ${name} for ${isConfirmed ? 'yes' : 'no'}`, async () => {
      const [input, output] = [new PassThrough(), new PassThrough()]
      const answer = confirms('Erase it?', { input, output })
      input.write(typed)
      assert.equal(await answer, isConfirmed)
    })
})
