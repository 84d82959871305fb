#!/usr/bin/env node
/**
 * Starts Matricula on the Node it needs. Plain enough for an old Node to read, since that may be what runs it.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NEEDED = 24
const require = createRequire(import.meta.url)
// Left alone, V8 lets objects grow to several times what is in use before it looks at them, and its four helper threads
// want the processors that the thread of requests and that of writes need: it is no faster for either. The young
// generation, of 16 MB, holds what a batch has under way: it is told not to guess what might outlive it, since it guesses
// wrong in every other run, and moves twice as much.
const HEAP_FLAGS = require('./heap-flags.json')
const LASTING = ['serve', 'import', 'files']
// Node strips no types below node_modules: a package holds what was compiled, and no source.
const isPackage = !existsSync(join(dirname(fileURLToPath(import.meta.url)), 'main.ts'))

if (Number(process.versions.node.split('.')[0]) >= NEEDED) {
  startAgainSmaller()
  endWithParent()
  await import(isPackage ? '../dist/package/src/main.js' : './main.ts')
} else {
  const node = pinnedNode()
  if (node) runWith(node)
  else fail()
}

/** The Node that npm installs with Matricula, as the development dependency `node`. */
function pinnedNode() {
  try {
    const node = join(dirname(require.resolve('node/package.json')), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(node) ? node : undefined
  } catch {
    return
  }
}

/** What lasts becomes the same process with the flags, which can be given at its start alone; not on Windows. */
function startAgainSmaller() {
  const { execve, execPath, execArgv, argv, channel } = process
  if (!execve || !LASTING.includes(argv[2]) || channel || execArgv.includes(HEAP_FLAGS[0])) return
  if (process.platform !== 'win32') execve(execPath, [execPath, ...execArgv, ...HEAP_FLAGS, ...argv.slice(1)])
}

/** Started by the launcher on an old Node: when that one is killed, nobody is left who could stop this one. */
function endWithParent() {
  if (!process.channel) return
  process.channel.unref()
  process.on('disconnect', () => process.exit(1))
}

/** The other Node does all; this one passes signals on and ends as it ended. */
function runWith(node) {
  const child = spawn(node, [...HEAP_FLAGS, ...process.argv.slice(1)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (signal) process.kill(process.pid, signal)
    process.exitCode = code ?? 1
  })
}

function fail() {
  const own = isPackage
    ? `"npm install node@${NEEDED}" beside Matricula`
    : '"npm install" in the folder of Matricula, which brings its own'
  process.stderr.write(
    `matricula: this is Node ${process.versions.node}, and Matricula needs Node ${NEEDED} or later.\n` +
      `Install it from https://nodejs.org, or run ${own}.\n`,
  )
  process.exitCode = 1
}
