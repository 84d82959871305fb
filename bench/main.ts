/**
 * The benchmarks: `node bench/main.ts [http|bulk|scale|mixed|memory]…`, a short version of all when none is named.
 * Tables go to stdout, progress to stderr.
 */
import { parseArgs } from 'node:util'
import { measureHttp } from './http.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: 'string' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})

const progress = (text: string) => process.stderr.write(`${text}\n`)
const number = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : Number(text))

const BENCHES = {
  http: () =>
    measureHttp({
      users: number(values.users, 10_000),
      peerUsers: 200,
      rounds: number(values.rounds, 3),
      requests: 20_000,
      seconds: number(values.seconds, 2),
      progress,
    }),
} as const

for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHES)) {
  if (!Object.hasOwn(BENCHES, name)) throw new Error(`no benchmark ${name}: ${Object.keys(BENCHES).join(', ')}`)
  process.stdout.write(`${await BENCHES[name as keyof typeof BENCHES]()}\n`)
}
