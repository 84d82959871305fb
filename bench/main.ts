/**
 * The benchmarks: `node bench/main.ts [http|bulk|stream|files|scale|mixed|memory|groups|saml|sftp|bulk-requests|cursor]… [--users N]
 * [--rows N] [--rounds N] [--seconds N]`, a short version of all when none is named. Tables go to stdout, progress to stderr. Figures mean something on a quiet machine.
 */
import { parseArgs } from 'node:util'
import { measureBulk } from './bulk.ts'
import { measureBulkRequests } from './bulk-requests.ts'
import { measureCursor } from './cursor.ts'
import { measureFiles } from './files.ts'
import { measureGroups } from './groups.ts'
import { measureHttp } from './http.ts'
import { measureMemory } from './memory.ts'
import { measureMixed } from './mixed.ts'
import { measureSaml } from './saml.ts'
import { measureScale } from './scale.ts'
import { measureSftp } from './sftp.ts'
import { measureStream } from './stream.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { users: { type: 'string' }, rows: { type: 'string' }, rounds: { type: 'string' }, seconds: { type: 'string' } },
})

const progress = (text: string) => process.stderr.write(`${text}\n`)

function option(name: keyof typeof values, otherwise: number): number {
  const value = Number(values[name] ?? otherwise)
  if (!(Number.isSafeInteger(value) && value > 0)) throw new Error(`--${name} wants a whole number above 0`)
  return value
}

const BENCHES: { readonly [name: string]: () => Promise<string> } = {
  http: () =>
    measureHttp({
      users: option('users', 10_000),
      peerUsers: 200,
      rounds: option('rounds', 3),
      requests: 20_000,
      seconds: option('seconds', 2),
      progress,
    }),
  bulk: () => measureBulk({ users: option('users', 10_000), rounds: option('rounds', 3), progress }),
  stream: () => measureStream({ users: option('users', 20_000), rounds: option('rounds', 3), progress }),
  files: () => measureFiles({ rows: option('rows', 20_000), progress }),
  scale: () =>
    measureScale({
      small: 10_000,
      users: option('users', 50_000),
      rounds: option('rounds', 3),
      seconds: option('seconds', 2),
      progress,
    }),
  mixed: () => measureMixed({ small: 10_000, users: option('users', 20_000), seconds: option('seconds', 5), progress }),
  'bulk-requests': () => measureBulkRequests({ rounds: option('rounds', 5), progress }),
  cursor: () => measureCursor({ users: option('users', 20_000), progress }),
  groups: () => measureGroups({ users: option('users', 20_000), rounds: option('rounds', 3), requests: 300, progress }),
  saml: () => measureSaml({ people: option('users', 2000), progress }),
  memory: () => measureMemory({ users: option('users', 50_000), progress }),
  sftp: () => measureSftp({ megabytes: 200, rounds: option('rounds', 3), sessions: 50, silent: 200, progress }),
}

for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHES)) {
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined
  if (bench === undefined) throw new Error(`there is no benchmark "${name}", only ${Object.keys(BENCHES).join(', ')}`)
  process.stdout.write(`${await bench()}\n`)
}
