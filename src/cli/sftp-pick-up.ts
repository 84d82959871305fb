/**
 * `matricula sftp pick-up`: whether files can be fetched from an institution's own server, and what it needs for that.
 */
import { sealWith } from '../auth/seal.ts'
import { secretKeyFrom } from '../auth/secret-key.ts'
import { configFrom } from '../config.ts'
import type { PickUpSettings } from '../directory/settings.ts'
import type { Inbox } from '../sftp/pick-up.ts'
import { PickUpFault } from '../sftp/pick-up-fault.ts'
import type { Command, Terminal } from './command.ts'
import { DONE, NOT_DONE, read } from './command.ts'
import { knownInstitution } from './known-institution.ts'
import { withStore } from './open-store.ts'
import { lookText } from './picked-up-text.ts'

export const pickUp: Command = {
  summary: 'try to fetch files from an institution, and show our public keys',
  help: `matricula sftp pick-up ID [--new-keys]

Shows the public keys by which the institution's server is to let us in, then connects to every server of its settings
(sftp.pickUp) and says what would be fetched. Nothing is fetched: the daily run does that, and "matricula files run".
The settings of a server:

  {"sftp": {"pickUp": [{"name": "sis", "host": "files.uni.edu", "port": 22, "username": "matricula",
    "hostKeys": ["SHA256:…"], "folder": "/outbox", "pattern": "*.csv", "after": "rename"}]}}

  --new-keys  make new keys; the institution has to exchange them on its server

Exit code 0 when every server lets us in, 1 otherwise.

Example:
  matricula sftp pick-up north`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: { 'new-keys': 'flag' }, words: ['ID'] })
    const [id] = words
    const config = configFrom(terminal.environment)
    const [{ pickUpKeys, replacePickUpKeys }, { look }, { inboxOf }] = await Promise.all([
      import('../sftp/pick-up-keys.ts'),
      import('../sftp/pick-up.ts'),
      import('./pick-ups.ts'),
    ])
    return await withStore(terminal, async (store) => {
      const institution = await knownInstitution(store, id)
      const seal = sealWith(await secretKeyFrom(config))
      const keys = await (options['new-keys'] ? replacePickUpKeys : pickUpKeys)(store, seal, id)
      terminal.out(
        `Our public keys, one of which the server has to let in (~/.ssh/authorized_keys):\n\n${keys.publicKeys.join('\n')}`,
      )
      const places = institution.settings.sftp?.pickUp ?? []
      if (places.length === 0) terminal.say('No server is set yet: see --help for the settings.')
      const inbox = await inboxOf(institution, store, config.dataDir)
      const tries: boolean[] = []
      for (const place of places) tries.push(await tryOne(place, inbox, keys.privateKeys, { look, terminal }))
      return tries.includes(false) ? NOT_DONE : DONE
    })
  },
}

type Tools = { readonly look: typeof import('../sftp/pick-up.ts').look; readonly terminal: Terminal }

async function tryOne(place: PickUpSettings, inbox: Inbox, privateKeys: readonly string[], { look, terminal }: Tools) {
  const { name, host, port = 22, username } = place
  terminal.out(`\n${name}: ${username} at ${host}, port ${port}`)
  try {
    terminal.out(lookText(await look(place, inbox, { privateKeys, signal: new AbortController().signal })))
    return true
  } catch (error) {
    if (!(error instanceof PickUpFault)) throw error
    terminal.say(`${name}: ${error.message}.`)
    return false
  }
}
