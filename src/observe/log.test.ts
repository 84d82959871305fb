import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sealWith } from '../auth/seal.ts'
import { openLog } from './log.ts'

function aLog(level = 'info') {
  const lines: string[] = []
  return { lines, log: openLog(level, { write: (line) => void lines.push(line) }) }
}

describe('the log', () => {
  it('is one JSON object a line with the time in ISO form', () => {
    const { lines, log } = aLog()
    log.info({ route: '/healthz' }, 'request')
    const line = JSON.parse(lines[0] ?? '')
    assert.equal(line.route, '/healthz')
    assert.match(line.time, /^\d{4}-\d\d-\d\dT/)
  })

  it('keeps quiet below its level', () => {
    const { lines, log } = aLog('silent')
    log.fatal({}, 'nobody hears this')
    assert.deepEqual(lines, [])
  })

  for (const [why, error, hidden] of [
    ['a parser’s message quotes its input', syntaxError(), 'ada@uni.edu'],
    ['a driver’s message quotes the key', new Error('E11000 dup key: { keys.email: "ada@uni.edu" }'), 'ada@uni.edu'],
    ['a cause is no better', new TypeError('failed', { cause: new Error('ada@uni.edu') }), 'ada@uni.edu'],
    ['a message can look like a place', new Error('\n    at ada@uni.edu'), 'ada@uni.edu'],
  ] as const)
    it(`shows no value of a person: ${why}`, () => {
      const { lines, log } = aLog()
      log.error({ err: error }, 'failed')
      assert.ok(lines[0] && !lines[0].includes(hidden), lines[0])
    })

  it('shows where an error arose, its kind and its code', () => {
    const { lines, log } = aLog()
    log.error({ err: Object.assign(new Error('secret'), { code: 'E_WRONG' }) }, 'failed')
    const { err } = JSON.parse(lines[0] ?? '')
    assert.equal(err.kind, 'Error')
    assert.equal(err.code, 'E_WRONG')
    assert.match(err.at[0], /log\.test\.ts/)
  })

  it('says what to mend where secrets were sealed under another key', () => {
    const { lines, log } = aLog()
    const sealed = sealWith('a key of tests, the old one').seal('saml key', 'north', 'secret')
    try {
      sealWith('a key of tests, another one').open('saml key', 'north', sealed)
    } catch (err) {
      log.error({ err }, 'failed')
    }
    assert.match(lines[0] ?? '', /the secret for saml key of north was sealed under another key: .*the same SECRET_KEY/)
  })
})

function syntaxError(): unknown {
  try {
    return JSON.parse('ada@uni.edu')
  } catch (error) {
    return error
  }
}
