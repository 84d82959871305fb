/**
 * `matricula serve`: the server, from the environment to the last answered request.
 */
import { configFrom, VARIABLES } from '../config.ts'
import type { Command } from './command.ts'
import { DONE, read } from './command.ts'
import { untilToldToStop } from './signals.ts'

const width = Math.max(...Object.keys(VARIABLES).map((name) => name.length)) + 2

export const serve: Command = {
  summary: 'serve HTTP and SFTP, and go through files each day',
  help: `matricula serve

Serves SCIM, REST, sign-ins and uploads over HTTP, the drop box over SFTP, and goes through uploaded files each day.
Serves until it is told to stop (Ctrl-C, SIGTERM, or its terminal is gone), then finishes what it has accepted.
The first start on an empty embedded store makes the institution "demo" and prints a token for it.
Prints where it serves to standard output, and its log as JSON lines to standard error.

Environment:
${Object.entries(VARIABLES)
  .map(([name, meaning]) => `  ${name.padEnd(width)}${meaning}`)
  .join('\n')}

Examples:
  matricula serve
  PORT=8080 DATABASE_URL=mongodb://db.uni.edu/matricula PUBLIC_URL=https://roll.uni.edu matricula serve`,
  async run(args, { environment, out }) {
    read(args, { options: {}, words: [] })
    const config = configFrom(environment)
    const stopped = untilToldToStop()
    // Loaded here, since no other command needs a server.
    const [{ openLogOutput }, { openServer }, { welcome }] = await Promise.all([
      import('./log-output.ts'),
      import('./server.ts'),
      import('./welcome.ts'),
    ])
    using output = openLogOutput(config.logLevel)
    await using server = await openServer(config, output.log)
    out(await welcome(config, server))
    await stopped
    return DONE
  },
}
