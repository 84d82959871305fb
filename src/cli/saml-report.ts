/**
 * What `matricula saml` prints: a refused sign-in, the settings of sign-ins, what a response would do.
 */
import { isoTime } from '../days.ts'
import type { Admitted, Turned } from '../saml/admit-person.ts'
import { namesOf } from '../saml/admit-person.ts'
import { adviceFor } from '../saml/advice.ts'
import type { CheckedIdp, Finding } from '../saml/check.ts'
import { FAILURES } from '../saml/failures.ts'
import type { RefusalEvent } from '../saml/refusal-record.ts'
import type { Rehearsed } from '../saml/rehearse.ts'
import { scopesOf } from '../saml/rules.ts'
import type { VerifyContext } from '../saml/verify.ts'

export function refusalLines(reference: string, event: RefusalEvent): string {
  const { institution, at, failure, code, detail, idp, source, attributeNames, from = {}, missing = [], records = [] } = event
  const { title, status } = FAILURES[failure]
  const read = Object.entries(from).map(([field, name]) => `${field} from ${name}`)
  return pairs([
    ['reference', reference],
    ['when', isoTime(at)],
    ['institution', institution],
    ['identity provider', idp === undefined ? undefined : `${idp}${source === undefined ? '' : ` (source ${source})`}`],
    ['the person saw', `${title} (${event.status ?? status})`],
    ['reason', `${code}: ${detail}`],
    ['attributes that came', attributeNames?.join('\n')],
    ['read as', read.join('\n')],
    ['missing', missing.join(', ')],
    ['records that it met', records.map((id) => `${id}  (matricula user show ${id} --institution ${institution})`).join('\n')],
    ['what to do', adviceFor(code)],
  ])
}

export function settingsLines(sp: VerifyContext['sp'], idps: readonly CheckedIdp[], findings: readonly Finding[]): string {
  const own = pairs([
    ['entity id, metadata', sp.entityId],
    ['ACS address', sp.acsUrl],
    ['sign-in address', sp.acsUrl.replace(/acs$/, 'login')],
  ])
  const told = findings.map(({ kind, message }) => `${kind === 'wrong' ? 'WRONG' : 'note '}  ${message}`)
  return [`This service\n${own}`, ...idps.map(idpLines), ...(told.length === 0 ? [] : [told.join('\n')])].join('\n\n')
}

function idpLines({ idp, source, certificates, reads }: CheckedIdp): string {
  const { entityId, ssoUrl, ssoBinding = 'redirect' } = idp
  const about = pairs([
    ['asked at', `${ssoUrl} (${ssoBinding})`],
    ['source', source],
    ['speaks for', scopesOf(idp)?.join(', ')],
    ['certificates', certificates.join('\n')],
    ...Array.from(reads, ([field, names]) => [field, names.length === 0 ? 'nothing' : names.join('\n')] as const),
  ])
  return `Identity provider ${entityId}\n${about}`
}

export function responseLines(rehearsed: Rehearsed): string {
  if (rehearsed.kind === 'refused') {
    const { code, detail, attributeNames } = rehearsed.refused
    return pairs([
      ['is refused', `${code}: ${detail}`],
      ['attributes, as far as read', attributeNames.join('\n')],
      ['what to do', adviceFor(code)],
    ])
  }
  const { verified, admitted, asOf } = rehearsed
  const { fields, from } = admitted.person
  return pairs([
    [
      'is believed',
      asOf === undefined
        ? `from ${verified.idp.entityId}`
        : `from ${verified.idp.entityId}, as of ${isoTime(asOf)}; by now it is refused for its age`,
    ],
    ['attributes that came', namesOf(verified).join('\n')],
    ...Object.entries(fields).map(
      ([field, value]) => [field, `${[value].flat().join(', ')}  (${from[field] ?? 'given to everybody'})`] as const,
    ),
    ...(admitted.kind === 'in' ? entranceOf(admitted) : turnedOf(admitted)),
  ])
}

type Row = readonly [name: string, value: string | undefined]

const WOULD = {
  created: 'the person would be created',
  updated: 'the person would be updated',
  unchanged: 'the person is found and left alone',
} as const

function entranceOf({ outcome, user }: Admitted): Row[] {
  return [['the roll', outcome === 'created' ? WOULD.created : `${WOULD[outcome]}: ${user._id}`]]
}

function turnedOf({ refusal }: Turned): Row[] {
  const { code, detail, records = [] } = refusal
  return [
    ['is turned away', `${code}: ${detail}`],
    ['records that it meets', records.join('\n')],
    ['what to do', adviceFor(code)],
  ]
}

/** Lines of names and values, those without a value left out; a value of several lines stands under itself. */
function pairs(rows: readonly Row[]): string {
  const told = rows.filter(([, value]) => value !== undefined && value !== '')
  const width = Math.max(...told.map(([name]) => name.length)) + 2
  return told
    .map(([name, value]) => `  ${name.padEnd(width)}${String(value).replaceAll('\n', `\n${' '.repeat(width + 2)}`)}`)
    .join('\n')
}
