/**
 * The compose file: what is written twice is the same in both places, and the script that makes the replica set does it once.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import { run } from '../src/cli/run.ts'
import { configFrom, VARIABLES } from '../src/config.ts'
import { DEFAULT_LIMITS } from '../src/flatfile/limits.ts'
import { COMPOSE, exampleVariables, imageEnvironment, matricula, mongo, textOf } from './docker-files.ts'

const DEFAULTS = configFrom({})
const SECRETS = ['MONGO_PASSWORD', 'SECRET_KEY']

describe('docker/compose.yaml', () => {
  it('asks for the variables that .env.example explains, and for no others', () => {
    const passedOn = Object.keys(matricula.environment).filter((name) => matricula.environment[name] === null)
    const asked = Array.from(COMPOSE.matchAll(/\$\{(\w+)/g), ([, name]) => name)
    assert.deepEqual(new Set([...asked, ...passedOn]), new Set(Object.keys(exampleVariables())))
  })

  it('stops where a secret is missing, and the example holds none', () => {
    for (const name of SECRETS) {
      assert.equal(exampleVariables()[name], '')
      assert.ok(COMPOSE.includes(`\${${name}:?`), name)
    }
  })

  it('gives the server variables that it reads, with values that it takes', () => {
    const given = serverEnvironment()
    assert.deepEqual(
      Object.keys(given).filter((name) => !(name in VARIABLES)),
      [],
    )
    const { port, sftpPort, database } = configFrom({ ...imageEnvironment(), ...given })
    assert.deepEqual([port, sftpPort, database.kind], [DEFAULTS.port, DEFAULTS.sftpPort, 'mongo'])
  })

  it('publishes HTTP to its own machine alone, SFTP to all, and the database to nobody', () => {
    const { port, sftpPort } = DEFAULTS
    assert.deepEqual(matricula.ports, [`127.0.0.1:${port}:${port}`, `${sftpPort}:${sftpPort}`])
    assert.equal(mongo.ports, undefined)
  })

  it('keeps in volumes what is kept', () => {
    assert.deepEqual(matricula.volumes, [`data:${imageEnvironment().DATA_DIR}`])
    assert.ok(mongo.volumes.includes('mongo:/data/db'))
  })

  it('has memory for the largest .xls file beside everything else', () => {
    assert.match(matricula.mem_limit, /^\d+g$/)
    assert.ok(Number.parseInt(matricula.mem_limit, 10) * 1024 >= DEFAULT_LIMITS.xlsMemoryMb + 1024)
  })

  it('names the replica set, its member and the account alike wherever they stand', () => {
    const { searchParams, hostname, username, password } = new URL(serverEnvironment().DATABASE_URL as string)
    const set = mongo.command[mongo.command.indexOf('--replSet') + 1]
    const { initiated } = checkReplicaSet('NotYetInitialized')
    assert.deepEqual([searchParams.get('replicaSet'), initiated?._id], [set, set])
    assert.deepEqual([hostname, initiated?.members], [mongo.hostname, [{ _id: 0, host: `${mongo.hostname}:27017` }]])
    assert.equal(password, filledIn(mongo.environment.MONGO_INITDB_ROOT_PASSWORD ?? ''))
    assert.equal(mongo.environment.MONGO_INITDB_ROOT_USERNAME, username)
  })
})

describe('docker/replica-set.js', () => {
  it('makes the set where there is none yet, and waits for the next check', () => {
    const { exit, initiated } = checkReplicaSet('NotYetInitialized')
    assert.deepEqual([exit, initiated !== undefined], [1, true])
  })

  it('leaves a set alone, and is content when it can be written to', () => {
    assert.deepEqual(checkReplicaSet('primary'), { exit: 0 })
    assert.deepEqual(checkReplicaSet('secondary'), { exit: 1 })
  })

  it('fails, and makes nothing, while MongoDB makes its account and knows no set', () => {
    assert.throws(() => checkReplicaSet('NoReplicationEnabled'), { codeName: 'NoReplicationEnabled' })
  })
})

describe('docs/running.md', () => {
  it('names commands and options that there are', async () => {
    const lines = [...textOf('docs/running.md').matchAll(/matricula ((?:institution|token|import|user) .*)$/gm)]
    assert.ok(lines.length >= 5)
    for (const [line, words = ''] of lines) {
      const [path = ''] = /^(import\b|\w+ \w+)/.exec(words) ?? []
      const said: string[] = []
      const hear = (text: string) => void said.push(text)
      assert.equal(await run([...path.split(' '), '--help'], { environment: {}, out: hear, say: hear }), 0, `${line}: ${said}`)
      for (const [option] of words.matchAll(/--[a-z-]+/g)) assert.ok(said.join().includes(option), `${line}: no ${option}`)
    }
  })
})

/** What compose gives the server where the example is filled in. */
function serverEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(matricula.environment).map(([name, value]) => [
      name,
      value === null ? (exampleVariables()[name] ?? '') : filledIn(value),
    ]),
  )
}

function filledIn(value: string): string {
  return value.replace(/\$\{(\w+)[^}]*\}/g, (_, name: string) =>
    SECRETS.includes(name) ? '0123456789abcdef' : (exampleVariables()[name] ?? ''),
  )
}

type Checked = { exit?: number; initiated?: { readonly _id: string; readonly members: readonly unknown[] } }

/** Runs the script as mongosh does, with a server that is in this state: a code of MongoDB's, or the role of a member. */
function checkReplicaSet(state: 'primary' | 'secondary' | 'NotYetInitialized' | 'NoReplicationEnabled'): Checked {
  const checked: Checked = {}
  const isMember = state === 'primary' || state === 'secondary'
  runInNewContext(textOf('docker/replica-set.js'), {
    process: { env: mongo.environment },
    db: {
      auth: (user: string, password: string) => {
        const { MONGO_INITDB_ROOT_USERNAME, MONGO_INITDB_ROOT_PASSWORD } = mongo.environment
        assert.deepEqual([user, password], [MONGO_INITDB_ROOT_USERNAME, MONGO_INITDB_ROOT_PASSWORD])
      },
      hello: () => ({ isWritablePrimary: state === 'primary' }),
    },
    rs: {
      status: () => {
        if (!isMember) throw Object.assign(new Error(state), { codeName: state })
      },
      initiate: (set: object) => {
        checked.initiated = JSON.parse(JSON.stringify(set))
      },
    },
    quit: (exit: number) => {
      checked.exit = exit
    },
  })
  return checked
}
