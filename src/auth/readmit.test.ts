import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createInstitution } from '../directory/institution-changes.ts'
import { rateLimiter } from '../limits/rate.ts'
import { openSqlite } from '../store/sqlite/sqlite.ts'
import { admission } from './admit.ts'
import { authenticator } from './authenticate.ts'
import { readmission } from './readmit.ts'
import { createToken, revokeToken } from './tokens.ts'

const by = { source: 'admin' } as const

describe('who sends for long', () => {
  it('may no more at most five seconds after the token was revoked, whoever else shows it meanwhile', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'matricula-'))
    await using store = await openSqlite({ path: join(folder, 'roll.db') })
    await createInstitution(store, { id: 'north', name: 'North', by, now: 0 })
    const { text, token } = await createToken(store, { institution: 'north', scope: 'api', by, now: 0 })
    let time = 0
    const now = () => time
    const authenticate = authenticator(store, async () => undefined, { now, monotonic: now })
    const admit = admission(authenticate, rateLimiter(now), 'api')
    const request = new Request('http://127.0.0.1', { headers: { authorization: `Bearer ${text}` } })
    const first = await admit(request, 'north')
    assert.ok(first.kind === 'ok')
    const readmit = readmission(admit, request, first, now)

    // What is remembered of the token is from just before its end.
    time = 4000
    assert.equal((await admit(request, 'north')).kind, 'ok')
    await revokeToken(store, { institution: 'north', id: token._id, by, now: time })
    while ((await readmit()).kind === 'ok') time += 100
    assert.ok(time <= 9000, String(time))
    await rm(folder, { recursive: true })
  })
})
