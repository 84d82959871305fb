/** Every adapter, held to the one contract. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { startMongo } from '../../test/mongo-server.ts'
import { contract } from './contract.ts'
import { openMongo } from './mongo/open.ts'
import { openSqlite } from './sqlite/sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'matricula-contract-'))
after(() => rmSync(folder, { recursive: true, force: true }))

contract('sqlite', (database) => openSqlite({ path: join(folder, `${database}.db`) }), { runs: 50 })

const server = await startMongo()
if ('missing' in server) {
  it('holds for MongoDB', { skip: server.missing })
} else {
  after(() => server.stop())
  const uris = new Map<string, string>()
  contract(server.kind, (database) => {
    const uri = uris.get(database) ?? server.freshUri()
    uris.set(database, uri)
    return openMongo(uri)
  })
}
