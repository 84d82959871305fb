/**
 * `matricula sftp setup`: a drop box for an institution, from its public key to the page that goes back to it.
 */
import type { Config } from '../config.ts'
import { configFrom, publicUrlOf } from '../config.ts'
import type { Institution } from '../directory/institution.ts'
import { hostFrom } from '../host.ts'
import type { AuthorizedKey } from '../sftp/authorized-key.ts'
import { judgeKey } from '../sftp/authorized-key.ts'
import { actor } from './actor.ts'
import type { Command, Terminal } from './command.ts'
import { DONE, Misuse, Refusal, read } from './command.ts'
import { contentOf, placeOf } from './content.ts'
import { knownInstitution } from './known-institution.ts'
import { withStore } from './open-store.ts'
import { problemsIn, settingsChanges } from './settings-changes.ts'

export const setup: Command = {
  summary: 'let an institution in, and print what to send back to it',
  help: `matricula sftp setup ID --key FILE [--address ADDRESS]… [--user NAME] [--replace]

Checks the public key that an institution has sent, saves it, and prints the page to send back: host, port, user, host
keys, folders, and commands for OpenSSH, WinSCP and PowerShell. A running server lets the key in within five seconds.

  --key FILE         the public key: a line of OpenSSH (ssh-ed25519 or ssh-rsa of at least 2048 bits), or a file of
                     PuTTY; - for standard input
  --address ADDRESS  where the institution comes from, an address or a range such as 192.0.2.0/24; may be given several
                     times, and takes the place of what is set (from anywhere)
  --user NAME        the user name (the id of the institution)
  --replace          this key alone, instead of beside those that are set

Example:
  matricula sftp setup north --key north.pub --address 192.0.2.0/24 > for-north.txt`,
  async run(args, terminal) {
    const kinds = { key: 'text', address: 'texts', user: 'text', replace: 'flag' } as const
    const { options, words } = read(args, { options: kinds, words: ['ID'] })
    const [id] = words
    if (options.key === undefined) throw new Misuse('--key is missing')
    const key = await keyIn(options.key, terminal)
    const institution = await withStore(terminal, async (store) => {
      const before = await knownInstitution(store, id)
      const keys = options.replace ? [] : (before.settings.sftp?.keys ?? []).filter((line) => !isSameKey(line, key))
      const sftp = {
        keys: [...keys, key.line],
        ...(options.address !== undefined && { addresses: options.address }),
        ...(options.user !== undefined && { username: options.user }),
      }
      const { changeInstitution, rules } = await settingsChanges(id, terminal)
      const changed = await changeInstitution(store, { id, settings: { sftp }, ...rules, by: actor(), now: Date.now() })
      if (changed.kind === 'missing') throw new Refusal(`the institution ${id} was taken away meanwhile`)
      if (changed.kind === 'invalid') throw new Refusal(problemsIn(changed.problems))
      return changed.institution
    })
    terminal.out(await pageFor(institution, configFrom(terminal.environment)))
    const others = (institution.settings.sftp?.keys?.length ?? 1) - 1
    if (others > 0)
      terminal.say(`${others} other ${others === 1 ? 'key' : 'keys'} may sign in too; --replace makes this the only one.`)
    terminal.say(`Send the page with a template: matricula template --format xlsx --institution ${id} -o ${id}.xlsx`)
    return DONE
  },
}

async function pageFor(institution: Institution, config: Config): Promise<string> {
  const { runTimeOf } = await import('../flatfile/daily-run.ts')
  const { openHostKeys } = await import('../sftp/host-keys.ts')
  const { setUpPage } = await import('./sftp-page.ts')
  const { current, next } = await openHostKeys(config.dataDir)
  const { keys = [], username = institution._id, publicHost, publicPort } = institution.settings.sftp ?? {}
  const judged = keys.map(judgeKey)
  return setUpPage({
    institution,
    host: publicHost ?? hostFrom(new URL(publicUrlOf(config)).hostname),
    port: publicPort ?? config.sftpPort,
    username,
    keys: judged.flatMap((one) => (one.kind === 'ok' ? [one.key] : [])),
    hostKeys: [...current, ...next],
    ...runTimeOf(institution),
  })
}

async function keyIn(file: string, terminal: Terminal): Promise<AuthorizedKey> {
  const place = placeOf(file)
  const judged = judgeKey(await contentOf(file))
  if (judged.kind === 'refused') throw new Refusal(`${place} ${judged.reason}`)
  if (judged.remark !== undefined) terminal.say(`${place} ${judged.remark}.`)
  return judged.key
}

function isSameKey(line: string, { fingerprint }: AuthorizedKey): boolean {
  const judged = judgeKey(line)
  return judged.kind === 'ok' && judged.key.fingerprint === fingerprint
}
