/**
 * What became of fetching files, for people. Names there are the other server's to choose: none reaches the terminal as
 * a command, and none turns the line around.
 */
import type { Look } from '../sftp/pick-up.ts'
import type { PickedUpFrom } from '../sftp/pick-ups.ts'

/** What a server has for us. */
export function lookText({ ready, unfinished, refused }: Look): string {
  const isEmpty = ready.length + unfinished.length + refused.length === 0
  return plainText([
    '  It shows the host key that is set, and lets us in.',
    ...(isEmpty ? ['  There is no new file.'] : []),
    ...listed('  Would be fetched:', ready.map(nameOf)),
    ...listed('  Are without content yet:', unfinished.map(quoted)),
    ...listed('  Cannot be taken:', refused.map(withReason)),
  ])
}

/** What was fetched from a server. */
export function pickedUpText({ place, fetched, unfinished, refused, fault }: PickedUpFrom): string {
  const { name } = place
  const amount = fetched.length === 0 ? 'Nothing was' : 'Not all was'
  return plainText([
    ...(fault === undefined && fetched.length === 0 ? [`There was nothing new to fetch from ${name}.`] : []),
    ...listed(`Fetched from ${name}:`, fetched.map(quoted)),
    ...listed(`Not finished at ${name}:`, unfinished.map(quoted)),
    ...listed(`Cannot be taken from ${name}:`, refused.map(withReason)),
    ...(fault === undefined ? [] : [`${amount} fetched from ${name}: ${fault.message}.`]),
  ])
}

const MOST_LISTED = 20
const MOST_LETTERS = 200

function listed(heading: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  const indent = heading.startsWith(' ') ? '    ' : '  '
  const more = lines.length - MOST_LISTED
  const shown = [...lines.slice(0, MOST_LISTED), ...(more > 0 ? [`and ${more} more`] : [])]
  return [heading, ...shown.map((line) => indent + line)]
}

function nameOf({ name }: { readonly name: string }): string {
  return quoted(name)
}

function withReason({ name, reason }: { readonly name: string; readonly reason: string }): string {
  return `${quoted(name)}: ${reason}`
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, MOST_LETTERS))
}

/** Without what JSON leaves: marks that nobody sees, and those of the direction of writing. */
function plainText(lines: readonly string[]): string {
  return lines.map((line) => line.replace(/\p{C}/gu, '?')).join('\n')
}
