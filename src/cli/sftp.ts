/**
 * `matricula sftp`: the drop box, and files that are fetched.
 */
import type { Command } from './command.ts'
import { pickUp } from './sftp-pick-up.ts'
import { rotateHostKey } from './sftp-rotate-host-key.ts'
import { setup } from './sftp-setup.ts'
import { show } from './sftp-show.ts'

export const sftp: Command = {
  summary: 'set up how files come in by SFTP',
  help: 'matricula sftp COMMAND …\n\nInstitutions put files into the drop box of this server, or have them fetched from a server of their own.',
  commands: { setup, show, 'pick-up': pickUp, 'rotate-host-key': rotateHostKey },
}
