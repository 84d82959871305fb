/**
 * `matricula sftp rotate-host-key`: other keys by which clients know the drop box, in two steps.
 */
import { configFrom } from '../config.ts'
import { beginRotation, finishRotation, openHostKeys } from '../sftp/host-keys.ts'
import type { Command } from './command.ts'
import { DONE, Refusal, read } from './command.ts'
import { hostKeyText } from './sftp-show.ts'

export const rotateHostKey: Command = {
  summary: 'change the host keys of the drop box',
  help: `matricula sftp rotate-host-key [--finish]

A client that finds another host key than the one it knows refuses to connect. So keys are changed in two steps:

  1. Without --finish the next keys are made. The server goes on with the old ones and tells clients of the next ones:
     with the commands of the page of "sftp setup" OpenSSH notes them by itself. Send the fingerprints to whoever uses
     another program, such as WinSCP, or OpenSSH with UserKnownHostsFile and without UpdateHostKeys=yes.
  2. Some weeks later, with --finish, the next keys take the place of the old ones.

When a key has fallen into wrong hands do both at once. A running server takes either up within five seconds.

Example:
  matricula sftp rotate-host-key`,
  async run(args, terminal) {
    const { options } = read(args, { options: { finish: 'flag' }, words: [] })
    const { dataDir } = configFrom(terminal.environment)
    await openHostKeys(dataDir)
    const keys = options.finish ? await finishRotation(dataDir) : await beginRotation(dataDir)
    if (keys === undefined) throw new Refusal('there are no next keys: make them with matricula sftp rotate-host-key')
    terminal.out(hostKeyText(keys.current, keys.next))
    terminal.say(
      options.finish
        ? 'The old keys are gone. Clients that do not know these refuse to connect until they are told.'
        : 'The old keys are used until: matricula sftp rotate-host-key --finish',
    )
    return DONE
  },
}
