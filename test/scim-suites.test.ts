/**
 * The suites of others against this server: scim2-tester, by its command scim2, and scim-sanity (both PyPI).
 */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { Server } from './server.ts'

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const CAMPUS = 'urn:ietf:params:scim:schemas:extension:campus:2.0:User'

/** What they want otherwise, and why it stays as it is. */
const EXPLAINED = {
  scim2: new Map([
    // It compares what comes back to the letter: this server adds the names of members and managers, which are readOnly.
    ["Attribute 'members' was not added or has unexpected value", 1],
    ["Attribute 'members' was not replaced or has unexpected value", 1],
    [`PATCH modify() returned unexpected value for '${ENTERPRISE}'.`, 2],
    [`PATCH modify() returned unexpected value for '${ENTERPRISE}:manager'.`, 2],
    // It adds to lists that it filled before, and wants only what it added last; add keeps what is there (RFC 7644 section 3.5.2.1).
    [`PATCH modify() returned unexpected value for '${CAMPUS}:tags'.`, 1],
    [`PATCH modify() returned unexpected value for '${CAMPUS}:customFields'.`, 1],
    // Whoever was not made inactive is active: a server may have a default.
    ["PATCH modify() did not remove attribute 'active'", 1],
  ]),
  sanity: new Map([
    // 204 is as good an answer to a PATCH as 200 (RFC 7644 section 3.5.2), and what Entra ID prefers for large groups.
    ['PATCH /Groups/{id}', 1],
    ['PATCH /Groups/{id} remove members', 1],
    // It adds a member who does not exist; a server may keep references whole (RFC 7643 section 2.3.7).
    ['PATCH /Groups/{id} add member', 1],
  ]),
} as const

const isMissing = (command: string) => spawnSync(command, ['--help']).status !== 0

function skipWithout(command: string, packages: string): string | false {
  if (process.env.CI || !isMissing(command)) return false
  return `needs ${command}: python3 -m pip install ${packages}`
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { env: { ...process.env, ...env }, timeout: 1_200_000 }, (error, stdout, stderr) => {
      // 1 is how both say that something failed.
      if (error !== null && error.code !== 1) reject(new Error(`${error.message}\n${stdout}\n${stderr}`))
      else resolve(stdout)
    })
  })
}

function counted(lines: readonly string[]): Map<string, number> {
  return new Map(Object.entries(Object.groupBy(lines, (line) => line)).map(([line, same]) => [line, same?.length ?? 0]))
}

describe('the suites of others', () => {
  let server: Server
  before(async () => {
    server = await Server.start()
  })
  after(() => server[Symbol.asyncDispose]())

  it('scim2-tester finds nothing wrong that is not explained', {
    skip: skipWithout('scim2', 'scim2-cli scim2-tester'),
  }, async () => {
    const stdout = await run('scim2', ['-u', server.scim, 'test'], { SCIM_CLI_HEADERS: `Authorization: Bearer ${server.token}` })
    const errors = Array.from(stdout.matchAll(/^(?!SUCCESS|SKIPPED)[A-Z]+ \S+\n {2}(.*)$/gm), ([, reason = '']) => reason)
    assert.ok((stdout.match(/^SUCCESS /gm) ?? []).length > 100, stdout)
    assert.deepEqual(counted(errors), EXPLAINED.scim2)
  })

  it('scim-sanity finds nothing wrong that is not explained', { skip: skipWithout('scim-sanity', 'scim-sanity') }, async () => {
    const args = ['probe', server.scim, '--token', server.token, '--i-accept-side-effects']
    const stdout = await run('scim-sanity', args, {})
    const failed = Array.from(stdout.matchAll(/^\s*\[FAIL\] (.*)$/gm), ([, name = '']) => name)
    assert.ok((stdout.match(/\[PASS\]/g) ?? []).length >= 25, stdout)
    assert.deepEqual(counted(failed), EXPLAINED.sanity)
  })
})
