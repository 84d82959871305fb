import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { it } from 'node:test'
import { DEFAULT_LIMITS, overLimit } from './limits.ts'

const LIMITS = Object.keys(DEFAULT_LIMITS) as (keyof typeof DEFAULT_LIMITS)[]

it('each limit stands in docs/files.md with its default', async () => {
  const page = await readFile(new URL('../../docs/files.md', import.meta.url), 'utf8')
  for (const limit of LIMITS) assert.match(page, new RegExp(`\\| \`${limit}\` +\\| ${DEFAULT_LIMITS[limit]} +\\|`))
})

it('each refusal names its limit, its size and its setting', () => {
  for (const limit of LIMITS) {
    const { message } = overLimit(limit, DEFAULT_LIMITS)
    assert.ok(message.includes(`files.limits.${limit}`) && message.includes(String(DEFAULT_LIMITS[limit])), message)
  }
})
