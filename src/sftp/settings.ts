/**
 * What the schema cannot judge in the settings of the drop box: keys and addresses.
 */
import type { Problem } from '../directory/change.ts'
import type { Settings } from '../directory/settings.ts'
import { rangeFault } from '../limits/address-list.ts'
import { judgeKey } from './authorized-key.ts'

export function sftpProblems({ sftp = {} }: Settings): Problem[] {
  const { keys = [], addresses = [] } = sftp
  return [
    ...keys.flatMap((text, index) => problemWith(`sftp.keys[${index}]`, keyFault(text))),
    ...addresses.flatMap((text, index) => problemWith(`sftp.addresses[${index}] "${text}"`, rangeFault(text))),
  ]
}

/** The key itself is never in a message: it might be a private one. */
function keyFault(text: string): string | undefined {
  const judged = judgeKey(text)
  if (judged.kind === 'refused') return judged.reason
  return judged.hasPrivateHalf && `holds a private key of PuTTY; it should be the public half alone: ${judged.key.line}`
}

function problemWith(place: string, fault: string | undefined): Problem[] {
  return fault === undefined ? [] : [{ field: place.replace(/ .*/s, ''), code: 'value', message: `${place} ${fault}` }]
}
