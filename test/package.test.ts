/**
 * The npm package as somebody has it who installed it: without the source, below node_modules.
 */
import assert from 'node:assert/strict'
import { mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import packageFile from '../package.json' with { type: 'json' }
import { run } from './program.ts'
import { temporaryFolder } from './temporary-folder.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PEOPLE = fileURLToPath(new URL('fixtures/files/excel97.xls', import.meta.url))
const HEADER = 'netid,email,first_name,last_name,account_type'
const ROW = 'n1,ada@uni.edu,Ada,King,Student'
/** So many bytes have a thread of their own. */
const LARGE = 5 * 1024 * 1024

it('runs from its npm package, which holds all that is needed and no tests', async () => {
  await using folder = await temporaryFolder()
  const launcher = await installed(folder.path)
  const matricula = async (...args: readonly string[]) => {
    const environment = [`DATA_DIR=${folder.path}`, 'PORT=0', 'SFTP_PORT=0']
    return run('env', [...environment, process.execPath, launcher, ...args])
  }
  assert.equal((await matricula('--version')).out, `${packageFile.version}\n`)
  const made = await matricula('institution', 'create', 'north', '--name', 'North')
  assert.equal(made.code, 0, made.err)
  // By threads, and by a process of its own.
  const imported = await matricula('import', PEOPLE, '--institution', 'north', '--json')
  assert.equal(JSON.parse(imported.out).result, 'processed', imported.err)
  const large = await folder.put('large.csv', `${HEADER}\n${`${ROW}\n`.repeat(LARGE / ROW.length)}`)
  const rehearsed = await matricula('import', large, '--institution', 'north', '--json', '--dry-run')
  assert.equal(JSON.parse(rehearsed.out).counts.created, 1, rehearsed.err)
  assert.match((await matricula('user', 'list', '--institution', 'north')).out, /"email":/)
})

/** @returns the launcher of the package, which lies beside the packages that it needs */
async function installed(folder: string): Promise<string> {
  const packed = await run('npm', ['pack', '--json', '--prefix', ROOT, '--pack-destination', folder, ROOT])
  assert.equal(packed.code, 0, packed.err)
  const [{ filename, files }] = JSON.parse(packed.out)
  assert.deepEqual(
    files.filter(({ path }: { path: string }) => /\.ts$|test/.test(path)),
    [],
  )
  const place = join(folder, 'node_modules', packageFile.name)
  await mkdir(place, { recursive: true })
  const { code, err } = await run('tar', ['-xzf', join(folder, filename), '-C', place, '--strip-components=1'])
  assert.equal(code, 0, err)
  for (const name of Object.keys(packageFile.dependencies)) {
    await mkdir(dirname(join(folder, 'node_modules', name)), { recursive: true })
    await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  }
  return join(place, packageFile.bin.matricula)
}
