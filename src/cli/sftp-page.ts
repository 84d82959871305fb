/**
 * The page that goes back to an institution once its drop box is set up: where, who, what, and commands that work as
 * printed.
 */
import type { Institution } from '../directory/institution.ts'
import { requiredFields } from '../directory/required-fields.ts'
import { DEFAULT_ACCOUNT_TYPES } from '../directory/settings.ts'
import { hostInUrl } from '../host.ts'

export type PageFacts = {
  readonly institution: Institution
  readonly host: string
  readonly port: number
  readonly username: string
  readonly keys: readonly KeyShown[]
  /** Those the server may show, the best first. */
  readonly hostKeys: readonly KeyShown[]
  /** Of the day, where the institution is. */
  readonly runAt: string
  readonly timeZone: string
}

export type KeyShown = { readonly type: 'ssh-ed25519' | 'ssh-rsa'; readonly blob: Buffer; readonly fingerprint: string }

export function setUpPage(facts: PageFacts): string {
  return [about(facts), folders(), files(facts), openSsh(facts), winScp(facts), powerShell(facts)].join('\n\n')
}

const KINDS = { 'ssh-ed25519': 'Ed25519', 'ssh-rsa': 'RSA' } as const

function about({ institution, host, port, username, keys, hostKeys, runAt, timeZone }: PageFacts): string {
  const { addresses = [] } = institution.settings.sftp ?? {}
  const facts = [
    ['Host', host],
    ['Port', String(port)],
    ['User', username],
    ...listed(
      'Your keys',
      keys.map((key) => `${key.fingerprint} (${KINDS[key.type]})`),
    ),
    ...listed('From', addresses.length > 0 ? addresses : ['any address']),
    ...listed(
      'Host keys',
      hostKeys.map((key) => `${key.fingerprint} (${KINDS[key.type]})`),
    ),
  ]
  return `Files of people for ${institution.name}
${'='.repeat(`Files of people for ${institution.name}`.length)}

Put files into /upload by SFTP, at any time. Every day at ${runAt} (${timeZone}) they are gone through.
You sign in with your key, without a password.

${facts.map(([name = '', value = '']) => `  ${name.padEnd(10)}  ${value}`.trimEnd()).join('\n')}

A program that connects for the first time asks whether to trust this server: only if it shows one of the host keys.`
}

/** The name stands before the first alone. */
function listed(name: string, values: readonly string[]): string[][] {
  return values.map((value, index) => [index === 0 ? name : '', value])
}

function folders(): string {
  return `Folders
-------
  /upload   put files here; a file of the same name takes the place of one that waits
  /reports  seconds after the upload of people.csv: people.csv.check.txt, what will be done with it and what to mend;
            after the run: its report, row by row
  /archive  files that were gone through`
}

function files({ institution }: PageFacts): string {
  const { accountTypes = DEFAULT_ACCOUNT_TYPES, files: { sources = [] } = {} } = institution.settings
  const rosters = sources.flatMap(({ mode, pattern }) => (mode === 'roster' ? [pattern] : []))
  return `Files
-----
One row a person, as .csv, .xlsx or .xls; the first row names the columns. A new person needs:
  ${requiredFields(institution.settings, 'file').join(', ')}
An account type is one of ${accountTypes.join(', ')}. The template has all columns with what may stand in each.
${rosters.length === 0 ? 'A person who is not in a file is left alone.' : `Whom a file ${rosters.join(' or ')} leaves out is deactivated.`}`
}

const KEY_FILE = 'matricula_key'
const HOSTS_FILE = 'matricula_hosts'

function openSsh(facts: PageFacts): string {
  const connection = sftpArguments(facts)
  return `Linux and macOS (OpenSSH)
-------------------------
${KEY_FILE} stands for the private half of your key. Once, so that this server is known:

${knownHosts(facts)
  .map((line, index) => `  echo '${line}' ${index === 0 ? '>' : '>>'} ${HOSTS_FILE}`)
  .join('\n')}

To look around:

  sftp ${connection}

Every night:

  echo 'put people.csv /upload/' | sftp -b - ${connection}`
}

function powerShell(facts: PageFacts): string {
  const connection = sftpArguments(facts)
  return `Windows (PowerShell with the OpenSSH client of Windows)
-------------------------------------------------------
Once:

  ${knownHosts(facts)
    .map((line) => `'${line}'`)
    .join(', ')} | Out-File -Encoding ascii ${HOSTS_FILE}
  'put people.csv /upload/' | Out-File -Encoding ascii upload.txt

Every night:

  sftp -b upload.txt ${connection}
  if ($LASTEXITCODE -ne 0) { throw "the upload failed" }`
}

function winScp({ host, port, username, hostKeys }: PageFacts): string {
  const keys = hostKeys.map((key) => `${key.type} ${bitsShown(key)} ${key.fingerprint.replace(/^SHA256:/, '')}`).join(';')
  return `Windows (WinSCP)
----------------
Once, so that WinSCP can read your key:

  winscp.com /keygen ${KEY_FILE} /output=matricula.ppk

Every night:

  winscp.com /ini=nul /command ^
    "open sftp://${username}@${hostInUrl(host)}:${port}/ -privatekey=matricula.ppk -hostkey=""${keys}""" ^
    "put people.csv /upload/" "exit"
  if errorlevel 1 exit /b 1`
}

/** As WinSCP writes them; an Ed25519 key has 255 there. */
function bitsShown({ type, blob }: KeyShown): number {
  if (type === 'ssh-ed25519') return 255
  const exponentEnd = 4 + type.length + 4 + blob.readUInt32BE(4 + type.length)
  return (blob.length - exponentEnd - 4 - 1) * 8
}

/** Into a file of hosts that is named OpenSSH puts the server's next keys only when it is told to. */
function sftpArguments({ host, port, username }: PageFacts): string {
  const options = `-o IdentitiesOnly=yes -o UserKnownHostsFile=${HOSTS_FILE} -o UpdateHostKeys=yes`
  return `-P ${port} -i ${KEY_FILE} ${options} ${username}@${hostInUrl(host)}`
}

/** A key of each kind would only say the same twice; during a rotation there are two of the best. */
function knownHosts({ host, port, hostKeys }: PageFacts): string[] {
  const best = hostKeys.filter(({ type }) => type === hostKeys[0]?.type)
  const place = port === 22 ? host : `[${host}]:${port}`
  return best.map(({ type, blob }) => `${place} ${type} ${blob.toString('base64')}`)
}
