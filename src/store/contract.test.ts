/** Every adapter, held to the one contract. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { contract } from './contract.ts'
import { openSqlite } from './sqlite/sqlite.ts'

const folder = mkdtempSync(join(tmpdir(), 'matricula-contract-'))
after(() => rmSync(folder, { recursive: true, force: true }))

contract('sqlite', (database) => openSqlite({ path: join(folder, `${database}.db`) }))
