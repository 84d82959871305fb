/**
 * What README.md lets a newcomer do, run as it is printed against the real program, and answered as it is printed.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { blocksIn, preludeOf } from './printed-commands.ts'
import { run } from './program.ts'
import { Server } from './server.ts'
import type { Folder } from './temporary-folder.ts'
import { temporaryFolder } from './temporary-folder.ts'

const blocks = blocksIn(await readFile(new URL('../README.md', import.meta.url), 'utf8')).filter(
  // What starts the server is done below, and this is one of the tests.
  ({ text }) => !text.startsWith('npm '),
)

describe('README.md', () => {
  const opened = new AsyncDisposableStack()
  let server: Server
  let folder: Folder
  before(async () => {
    server = opened.use(await Server.beside())
    folder = opened.use(await temporaryFolder())
    await server.serve()
  })
  after(() => opened.disposeAsync())

  for (const { text, expected } of blocks) {
    it(`has commands that run and answer as printed: ${text.split('\n', 1)[0]}`, async () => {
      const commands = text.replaceAll('http://127.0.0.1:3000', server.origin)
      const { code, out, err } = await run('bash', ['-ec', preludeOf(folder.path, server.environment) + commands])
      assert.equal(code, 0, err)
      assert.match(out, patternOf(expected?.text ?? ''))
    })
  }
})

/** `…` stands for what is different each time. */
function patternOf(printed: string): RegExp {
  return new RegExp(`^${printed.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('…', '.+')}$`)
}
