import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openConsoleLog } from './console-log.ts'
import type { Level } from './log.ts'

const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error', 'fatal']

describe('the log on a console', () => {
  for (const [least, written] of [
    ['trace', LEVELS],
    ['warn', ['warn', 'error', 'fatal']],
    ['silent', []],
  ] as const)
    it(`writes from ${least} on: ${written.join(', ') || 'nothing'}`, (t) => {
      const lines = listen(t.mock)
      const log = openConsoleLog(least)
      for (const level of LEVELS) log[level]({ route: '/healthz' }, 'request')
      assert.deepEqual(
        lines,
        written.map((level) => ({ level, route: '/healthz', msg: 'request' })),
      )
      assert.equal(log.isLevelEnabled('warn'), least !== 'silent')
    })

  it('keeps out of an error what a database says of a person', (t) => {
    const lines = listen(t.mock)
    openConsoleLog('info').error({ err: new Error('E11000 dup key: { keys.email: "ada@uni.edu" }') }, 'failed')
    assert.doesNotMatch(JSON.stringify(lines), /ada@/)
    assert.match(JSON.stringify(lines), /"kind":"Error".*console-log\.test/)
  })
})

/** What is written to the console, which stays quiet. */
function listen(mock: { method: typeof import('node:test').mock.method }): object[] {
  const lines: object[] = []
  for (const way of ['log', 'warn', 'error'] as const) mock.method(console, way, (line: object) => void lines.push(line))
  return lines
}
