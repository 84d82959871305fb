/**
 * What tests of flat files do at the command line, as an administrator would, with a roll of their own.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { run } from '../src/cli/run.ts'
import { allDocs } from '../src/directory/each-doc.ts'
import type { FlatUser } from '../src/directory/flat-record.ts'
import { flatUserOf } from '../src/directory/flat-record.ts'
import { createInstitution } from '../src/directory/institution-changes.ts'
import type { Settings } from '../src/directory/settings.ts'
import type { User } from '../src/directory/user.ts'
import type { Summary } from '../src/flatfile/summary.ts'
import { EVERYTHING } from '../src/store/predicate.ts'
import type { Place } from './stores.ts'
import { temporaryFile } from './stores.ts'

export class FileDesk {
  /** For files of a test. */
  readonly folder = dirname(temporaryFile('people.csv'))
  readonly environment: { readonly DATABASE_URL: string; readonly DATA_DIR: string }
  readonly #place: Place
  #made = 0

  constructor(place: Place) {
    this.#place = place
    this.environment = { DATABASE_URL: place.url, DATA_DIR: this.folder }
  }

  /** @returns the id of a new institution */
  async institution(settings: Settings = {}): Promise<string> {
    await using store = await this.#place.open()
    const id = `north-${this.#made++}`
    await createInstitution(store, { id, name: id, settings: settings as never, by: { source: 'admin' }, now: Date.now() })
    return id
  }

  async matricula(...args: readonly string[]): Promise<{ code: number; out: string[]; said: string }> {
    const out: string[] = []
    const said: string[] = []
    const terminal = {
      environment: this.environment,
      out: (line: string) => void out.push(line),
      say: (line: string) => void said.push(line),
    }
    const code = await run(args, terminal)
    return { code, out, said: said.join('\n') }
  }

  /** @returns the path of the file */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.folder, name)
    writeFileSync(path, content)
    return path
  }

  /** `people.csv` with these lines, as `matricula import` takes it. */
  async imported(institution: string, lines: readonly string[], ...more: readonly string[]) {
    const file = this.write('people.csv', lines.join('\n'))
    const { code, out, said } = await this.matricula('import', file, '--institution', institution, '--json', ...more)
    assert.equal(out.length, 1, said)
    return { code, summary: JSON.parse(out[0] as string) as Summary }
  }

  async people(institution: string): Promise<FlatUser[]> {
    return (await this.users(institution)).map(({ resource }) => flatUserOf(resource))
  }

  async users(institution: string): Promise<User[]> {
    await using store = await this.#place.open()
    return (await allDocs(store, 'users', institution, EVERYTHING)) as User[]
  }
}
