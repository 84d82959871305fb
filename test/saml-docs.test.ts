/**
 * docs/saml.md says what is so: its settings are accepted, its table has the names that are read, its codes have advice.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { checkSettings } from '../src/directory/check-settings.ts'
import { adviceFor } from '../src/saml/advice.ts'
import { NAME_ID, namesFor } from '../src/saml/attribute-names.ts'
import { samlRuleProblems } from '../src/saml/rules.ts'

const page = await readFile(new URL('../docs/saml.md', import.meta.url), 'utf8')

describe('docs/saml.md', () => {
  const blocks = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  assert.ok(blocks.length >= 5)
  for (const [index, text] of blocks.entries()) {
    it(`shows settings that are accepted: the ${index + 1}. example`, () => {
      assert.equal(checkSettings(JSON.parse(text), [samlRuleProblems]).kind, 'ok', text)
    })
  }

  for (const field of ['netid', 'email', 'first_name', 'last_name', 'account_type']) {
    it(`names the attributes that ${field} is read from, and no others`, () => {
      const row = page.split('\n').find((line) => line.startsWith(`| \`${field}\` |`)) ?? ''
      const told = [...row.matchAll(/`([^`]+)`/g)].map(([, name]) => name).slice(1)
      const read = namesFor(field, {}).map(({ name }) => name)
      assert.deepEqual(told.toSorted(), read.toSorted())
      assert.equal(read.includes(NAME_ID), field === 'email')
    })
  }

  it('tells in its table of codes what the command tells', () => {
    const section = page.slice(page.indexOf('| code | usual cause'))
    const codes = [...section.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code),
    )
    assert.ok(codes.length > 10)
    const unknown = adviceFor('no such code')
    for (const code of codes) assert.notEqual(adviceFor(code), unknown, code)
  })
})
