/**
 * The command line on Node: hands the process's words and streams to the command that is meant.
 */
import { run } from './cli/run.ts'

// `matricula user list | head` ends when its reader does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  out: (line) => void process.stdout.write(`${line}\n`),
  say: (line) => void process.stderr.write(`${line}\n`),
})
