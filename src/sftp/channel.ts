/**
 * What is needed of the channel below an SFTP session and ssh2 does not document. Its version is pinned, and tests with
 * real clients hold both.
 */
import type { SFTPWrapper } from 'ssh2'

type Channel = SFTPWrapper & {
  readonly outgoing: { readonly id: number; readonly window: number; readonly state: string }
  readonly _protocol: { exitStatus(channel: number, status: number): void }
}

/** How many bytes the client takes at present. */
export function windowOf(sftp: SFTPWrapper): number {
  return (sftp as Channel).outgoing.window
}

/** Without an exit status scp takes what it did for a failure; without the end OpenSSH waits for ever at its "bye". */
export function endWell(sftp: SFTPWrapper): void {
  const { outgoing, _protocol: protocol } = sftp as Channel
  if (outgoing.state === 'open') protocol.exitStatus(outgoing.id, 0)
  sftp.end()
}
