/**
 * A server as `matricula serve` runs it, in a process that a benchmark has forked, which does what its parent orders.
 */
import { join } from 'node:path'
import { createToken } from '../src/auth/tokens.ts'
import type { RunningServer } from '../src/cli/server.ts'
import { openServer } from '../src/cli/server.ts'
import { configFrom } from '../src/config.ts'
import type { Institution } from '../src/directory/institution.ts'
import { openLog } from '../src/observe/log.ts'
import { institutionIn } from './roll.ts'
import { INSTITUTION } from './servers.ts'

export type Serving = { readonly server: RunningServer; readonly institution: Institution; readonly folder: string }

/**
 * Serves the folder and the port on the command line until it is told to stop. Its first message to the parent is a token.
 * @param obey what each order comes to, sent back
 */
export async function serveAndObey<Order extends object, Done extends object>(
  obey: (order: Order, serving: Serving) => Promise<Done>,
): Promise<void> {
  const [folder = '', port = ''] = process.argv.slice(2)
  const environment = { PORT: port, DATA_DIR: folder, DATABASE_URL: `sqlite:${join(folder, 'roll.db')}` }
  await using server = await openServer(configFrom(environment), openLog('warn', process.stderr))
  const institution = await institutionIn(server.store)
  const { text } = await createToken(server.store, {
    institution: INSTITUTION,
    scope: 'scim',
    by: { source: 'admin' },
    now: Date.now(),
  })
  process.on('message', async (order: Order) => {
    process.send?.(await obey(order, { server, institution, folder }))
  })
  process.send?.({ token: text })
  await new Promise((resolve) => process.once('SIGTERM', resolve))
  process.disconnect()
}
