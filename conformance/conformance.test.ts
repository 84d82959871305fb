/**
 * This server under its own suite, as anybody would run it: through the command line, on each store.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { Server } from '../test/server.ts'
import { forEachStore, temporaryFile } from '../test/stores.ts'
import type { CheckResult } from './check.ts'
import type { Counts } from './report.ts'
import { sayTraceability } from './traceability.ts'

/** What this server does not do, and says so; a token of a client has no subject for /Me. */
const NOT_DONE = [
  /^GET \/Me is answered 501$/,
  /^there is no previousCursor$/,
  /^pagination\.cursorTimeout is 86400: longer than 5 s is not waited for$/,
]

type Document = { readonly counts: Counts; readonly checks: readonly CheckResult[] }

await forEachStore((name, place) => {
  describe(`the suite against this server on ${name}`, () => {
    let server: Server
    let apiToken: string
    before(async () => {
      server = await Server.start({ databaseUrl: place().url })
      apiToken = await server.makeToken('api')
    })
    after(() => server[Symbol.asyncDispose]())

    it('fails nothing, lacks only what it says that it does not do, and exits with 0', async () => {
      const tokens = ['--token', server.token, '--api-token', apiToken, '--timeout', '120']
      const { code, stdout, stderr } = await server.run('conformance', server.scim, ...tokens, '--json')
      const { counts, checks } = JSON.parse(stdout) as Document
      assert.deepEqual(
        checks.filter(({ verdict }) => verdict === 'failed').map(({ id, faults }) => ({ id, faults })),
        [],
      )
      const notOffered = checks.filter(({ verdict }) => verdict === 'not offered')
      for (const { id, reason = '' } of notOffered)
        assert.ok(
          NOT_DONE.some((one) => one.test(reason)),
          `${id}: ${reason}`,
        )
      assert.ok(counts.passed > 460, `${counts.passed} passed`)
      assert.equal(code, 0, stderr)
      const page = readFileSync(new URL('../docs/conformance.md', import.meta.url), 'utf8')
      assert.equal(sayTraceability('Matricula', checks), page, 'docs/conformance.md is out of date: npm run traceability')
    })

    it('only reads, as an OAuth client, and leaves a report for a build server', async () => {
      const made = await server.run('client', 'create', 'test-uni', '--scope', 'scim')
      const told = (name: string) => new RegExp(`${name}\\W+(\\S+)`).exec(made.stdout)?.[1] ?? ''
      const client = ['--client-id', told('CLIENT_ID'), '--client-secret', told('CLIENT_SECRET')]
      const file = temporaryFile('report.xml')
      const { code, stdout, stderr } = await server.run('conformance', server.scim, ...client, '--read-only', '--junit', file)
      assert.equal(code, 0, stdout + stderr)
      assert.match(stdout, /^\d\d+ passed, 0 failed, \d+ not offered$/m)
      assert.match(readFileSync(file, 'utf8'), /<testsuites name="SCIM conformance of [^"]+" tests="\d\d+" failures="0"/)
    })

    it('exits with 1, and shows the step, when a check fails', async () => {
      const only = ['--only', 'entra/hard-delete']
      const { code, stdout, stderr } = await server.run('conformance', server.scim, '--token', 'mtr_wrong', ...only)
      assert.equal(code, 1)
      assert.match(stderr, /scim\/v2\/Users answers 401: is this a token that it takes for SCIM\?/)
      const elsewhere = await server.run('conformance', server.origin, '--token', server.token, ...only)
      assert.match(elsewhere.stderr, /\/Users answers 404: is this the address of its SCIM\?/)
      assert.match(stdout, /FAIL hard-delete.*\n.*step 1 POST \/Users\n.*status: expected 201, got 401/)
      assert.match(stdout, /^0 passed, 1 failed, 0 not offered$/m)
    })

    it('says before any check that the report cannot be written', async () => {
      const { code, stdout, stderr } = await server.run(
        'conformance',
        server.scim,
        '--token',
        server.token,
        '--junit',
        '/none/r.xml',
      )
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, /--junit: \/none\/r\.xml cannot be written: there is no folder \/none/)
    })
  })
})
