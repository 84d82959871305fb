/**
 * The command line on Node: hands the process's words and streams to the command that is meant.
 */
import { run } from './cli/run.ts'
import { hasCode } from './file-errors.ts'

// `matricula user list | head` ends when its reader does.
process.stdout.on('error', (error) => {
  if (hasCode(error, 'EPIPE')) process.exit(0)
  process.stderr.write(`matricula: standard output cannot be written to: ${error.message}\n`)
  process.exit(1)
})
// Remarks that nobody reads any more are no reason to leave something half done.
process.stderr.on('error', () => {})

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  out: (line) => void process.stdout.write(`${line}\n`),
  say: (line) => void process.stderr.write(`${line}\n`),
})
