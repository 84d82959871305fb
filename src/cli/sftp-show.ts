/**
 * `matricula sftp show`: by which keys clients know the drop box, and what is set up for an institution.
 */
import { configFrom } from '../config.ts'
import { dayOf, isoTime } from '../days.ts'
import { sftpUserOf } from '../directory/settings.ts'
import { judgeKey } from '../sftp/authorized-key.ts'
import type { HostKey } from '../sftp/host-keys.ts'
import { openHostKeys } from '../sftp/host-keys.ts'
import type { Unfinished } from '../sftp/unfinished.ts'
import { unfinishedIn } from '../sftp/unfinished.ts'
import type { Command, Terminal } from './command.ts'
import { DONE, read } from './command.ts'
import { knownInstitution } from './known-institution.ts'
import { withStore } from './open-store.ts'
import { table } from './table.ts'

export const show: Command = {
  summary: 'the host keys of the drop box, and what is set up for an institution',
  help: `matricula sftp show [--institution ID] [--json]

Prints the fingerprints of the host keys: whoever connects for the first time should compare them. The keys are made at
the first start and kept in DATA_DIR.

  --institution ID  also its user, its keys, its addresses, and what lies in its /upload without being gone through
  --json            as one JSON object on standard output

Example:
  matricula sftp show --institution north`,
  async run(args, terminal) {
    const { options } = read(args, { options: { institution: 'text', json: 'flag' }, words: [] })
    const { dataDir, sftpHost, sftpPort } = configFrom(terminal.environment)
    const { current, next } = await openHostKeys(dataDir)
    const box = options.institution === undefined ? undefined : await boxOf(options.institution, terminal)
    if (options.json) {
      terminal.out(
        JSON.stringify({ host: sftpHost, port: sftpPort, hostKeys: current.map(shown), nextHostKeys: next.map(shown), ...box }),
      )
      return DONE
    }
    terminal.out(hostKeyText(current, next))
    if (box !== undefined) terminal.out(`\n${boxText(box)}`)
    return DONE
  },
}

export function hostKeyText(current: readonly HostKey[], next: readonly HostKey[]): string {
  const rows = (keys: readonly HostKey[]) => keys.map(({ type, fingerprint, made }) => [type, fingerprint, dayOf(made)])
  const lines = ['Host keys of the drop box', '', table(['TYPE', 'FINGERPRINT', 'MADE'], rows(current))]
  if (next.length > 0) lines.push('', 'Those that will take their place', '', table(['TYPE', 'FINGERPRINT', 'MADE'], rows(next)))
  return lines.join('\n')
}

function shown({ type, fingerprint, blob, made }: HostKey) {
  return { type, fingerprint, publicKey: `${type} ${blob.toString('base64')}`, made: isoTime(made) }
}

type BoxShown = {
  readonly institution: string
  readonly user: string | null
  readonly keys: readonly string[]
  readonly addresses: readonly string[]
  readonly unfinished: readonly Unfinished[]
}

async function boxOf(id: string, terminal: Terminal): Promise<BoxShown> {
  const institution = await withStore(terminal, (store) => knownInstitution(store, id))
  const { openFolders } = await import('../flatfile/folders.ts')
  const { keys = [], addresses = [] } = institution.settings.sftp ?? {}
  const fingerprints = keys.flatMap((text) => {
    const judged = judgeKey(text)
    return judged.kind === 'ok' ? [`${judged.key.fingerprint} (${judged.key.type}, ${judged.key.bits} bits)`] : []
  })
  const user = sftpUserOf(id, institution.settings) ?? null
  const unfinished = await unfinishedIn(await openFolders(configFrom(terminal.environment).dataDir, id))
  return { institution: id, user, keys: fingerprints, addresses, unfinished }
}

function boxText({ institution, user, keys, addresses, unfinished }: BoxShown): string {
  if (user === null) return `${institution} has no drop box yet: matricula sftp setup ${institution} --key FILE`
  const lines = [
    `Drop box of ${institution}`,
    '',
    `  User       ${user}`,
    ...listed('Keys', keys, 'none: nobody can sign in'),
    ...listed('Addresses', addresses, 'any'),
  ]
  if (unfinished.length === 0) return lines.join('\n')
  const rows = unfinished.map(({ name, bytes, state, changed }) => [name, String(bytes), state, changed])
  return [...lines, '', 'In /upload, and not gone through', '', table(['FILE', 'BYTES', 'STATE', 'CHANGED'], rows)].join('\n')
}

function listed(name: string, values: readonly string[], none: string): string[] {
  return (values.length === 0 ? [none] : values).map((value, index) => `  ${(index === 0 ? name : '').padEnd(10)} ${value}`)
}
