/**
 * Writes `docs/conformance.md`: runs the conformance suite against this server, on SQLite.
 */
import { writeFileSync } from 'node:fs'
import { sayTraceability } from '../conformance/traceability.ts'
import { Server } from './server.ts'

await using server = await Server.start()
const tokens = ['--token', server.token, '--api-token', await server.makeToken('api')]
const { stdout } = await server.run('conformance', server.scim, ...tokens, '--json')
writeFileSync(new URL('../docs/conformance.md', import.meta.url), sayTraceability('Matricula', JSON.parse(stdout).checks))
