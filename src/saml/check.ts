/**
 * What an administrator should know about the sign-ins of an institution before people try: who is asked, what is read,
 * and what will not work.
 */
import { dayOf } from '../days.ts'
import type { Institution } from '../directory/institution.ts'
import type { IdpSettings, SamlRules } from '../directory/settings.ts'
import { idpsOf } from '../directory/settings.ts'
import { MATCH_KEYS, NETIDS } from '../directory/user.ts'
import { and } from '../store/predicate.ts'
import type { Store } from '../store/store.ts'
import type { AttributeName } from './attribute-names.ts'
import { DEFAULT_FIELDS, namesFor } from './attribute-names.ts'
import { WARN_AHEAD_MS } from './certificate-ends.ts'
import { certificateIn, signingKeyIn, USABLE_KEYS } from './certificates.ts'
import { rulesFor, scopesOf, sourceOf } from './rules.ts'

export type Finding = {
  /** `wrong`: nobody can sign in so. `note`: it works, and may not be what was meant. */
  readonly kind: 'wrong' | 'note'
  readonly message: string
}

export type CheckedIdp = {
  readonly idp: IdpSettings
  readonly source: string
  readonly certificates: readonly string[]
  /** Field -> the attributes that it is read from, in their order. */
  readonly reads: ReadonlyMap<string, readonly string[]>
}

export function checkedIdps({ settings }: Institution, now: number): CheckedIdp[] {
  const { saml = {} } = settings
  return idpsOf(settings).map((idp) => {
    const rules = rulesFor(saml, idp)
    const fields = new Set([...DEFAULT_FIELDS, 'account_type', ...Object.keys(rules.attributes ?? {})])
    const reads = new Map(Array.from(fields, (field) => [field, namesFor(field, rules).map(readAs)]))
    const { attribute } = rules.accountType ?? {}
    if (attribute !== undefined) reads.set('account_type', [attribute])
    return { idp, source: sourceOf(saml, idp), certificates: idp.certificates.map((text) => told(text, now)), reads }
  })
}

function readAs({ name, take, only }: AttributeName): string {
  if (take === 'localPart') return `${name}, what stands before the @`
  return only === 'address' ? `${name}, where it is an address` : name
}

/** How many people can be told apart by their address alone when they sign in. */
export function countByAddress(store: Store, { _id }: Institution): Promise<number> {
  const present = (path: string) => ({ op: 'pr', path }) as const
  const isNamed = { op: 'or', of: NETIDS.map((netid) => present(`keys.${netid}`)) } as const
  return store.count('users', _id, and(present('keys.email'), { op: 'not', of: isNamed }))
}

/** @param isReachable whether browsers keep cookies of the public URL: over TLS, or at a loopback address */
export function findingsOf(
  institution: Institution,
  given: {
    readonly publicUrl: string
    readonly isReachable: boolean
    /** People without a netid. */
    readonly byAddress: number
    readonly now: number
  },
): Finding[] {
  const { publicUrl, isReachable, byAddress, now } = given
  const { _id, settings, name } = institution
  const { saml = {} } = settings
  const idps = idpsOf(settings)
  const findings: Finding[] = []
  const wrong = (message: string) => findings.push({ kind: 'wrong', message })
  const note = (message: string) => findings.push({ kind: 'note', message })
  if (!isReachable) wrong(`PUBLIC_URL is ${publicUrl}: browsers keep the cookies of a sign-in over https alone`)
  if (idps.length === 0) wrong(`${name} has no identity provider: matricula institution set ${_id} --saml-metadata FILE|URL`)
  findings.push(
    ...idps.flatMap((idp) => [...idpFindings(idp, now), ...scopeFindings(idp), ...cutFindings(idp, rulesFor(saml, idp))]),
  )
  if (saml.contact === undefined)
    note('people who cannot sign in are told to ask “the help desk of your institution”: set saml.contact')
  if (saml.create !== false && saml.accountType === undefined && settings.defaultAccountType === undefined) {
    note(
      'a new person’s account type comes from an affiliation; who has none is turned away: set saml.accountType.default to let them in',
    )
  }
  if (byAddress > 0 && idps.some((idp) => (rulesFor(saml, idp).update ?? 'never') === 'never'))
    note(
      `${byAddress} on the roll have an address and no netid: whoever signs in with the address is taken for them, whatever netid comes. Set saml.update to "gaps", which keeps the first one, or bring netids before`,
    )
  for (const url of saml.returnUrls ?? []) if (url.startsWith('http:')) note(`people are sent to ${url} without TLS`)
  return findings
}

function idpFindings({ entityId, ssoUrl, certificates, validUntil, metadata }: IdpSettings, now: number): Finding[] {
  const usable = certificates.filter((text) => signingKeyIn(text) !== undefined)
  const none = `${entityId} has no certificate with a key of ${USABLE_KEYS}: its signatures count for nothing`
  return [
    ...(usable.length === 0 ? [{ kind: 'wrong', message: none } as const] : []),
    ...usable.flatMap((text) => ageFinding(entityId, Date.parse(certificateIn(text)?.validTo ?? ''), now)),
    ...(validUntil === undefined
      ? []
      : endFinding(entityId, { end: Date.parse(validUntil), isLookedUp: metadata !== undefined, now })),
    ...(ssoUrl.startsWith('http:') ? [{ kind: 'note', message: `${entityId} is asked without TLS, at ${ssoUrl}` } as const] : []),
  ]
}

/** What was set stays, whatever metadata says later. */
function scopeFindings({ entityId, scopes, metadataScopes }: IdpSettings): Finding[] {
  if (scopes === undefined || metadataScopes === undefined || isAlike(scopes, metadataScopes)) return []
  const message = `${entityId} may speak for ${scopes.join(', ')}, as you set, and by its metadata for ${metadataScopes.join(', ')}: what you set counts`
  return [{ kind: 'note', message }]
}

function isAlike(some: readonly string[], others: readonly string[]): boolean {
  const sorted = ([some, others] as const).map((scopes) => [...new Set(scopes.map((one) => one.toLowerCase()))].sort().join())
  return sorted[0] === sorted[1]
}

/** Two people of two domains may be one to who cuts the domain off. */
function cutFindings(idp: IdpSettings, rules: SamlRules): Finding[] {
  if (scopesOf(idp) !== undefined) return []
  const { entityId } = idp
  return MATCH_KEYS.flatMap((field) => {
    const cut = namesFor(field, rules).find(({ take }) => take === 'localPart')
    if (cut === undefined) return []
    const what = `${field} is what stands before the @ of ${cut.name}, whatever stands behind it`
    const message = `${what}: where ${entityId} knows several domains, set saml.idp.scopes to those whose names are your netids`
    return [{ kind: 'note', message }]
  })
}

/** Unlike its certificates, metadata that is over is relied on no longer. */
function endFinding(
  entityId: string,
  { end, isLookedUp, now }: { readonly end: number; readonly isLookedUp: boolean; readonly now: number },
): Finding[] {
  const newer = isLookedUp ? 'no newer copy could be had from its address, see the log' : 'set a newer copy'
  if (end <= now)
    return [
      { kind: 'wrong', message: `the metadata of ${entityId} was valid until ${dayOf(end)}, so nobody can sign in: ${newer}` },
    ]
  if (isLookedUp || end > now + WARN_AHEAD_MS) return []
  const message = `the metadata of ${entityId} is valid until ${dayOf(end)}, and nobody can sign in after that: ${newer}, or its address`
  return [{ kind: 'note', message }]
}

function ageFinding(entityId: string, end: number, now: number): Finding[] {
  if (end > now + WARN_AHEAD_MS) return []
  const what = `a certificate of ${entityId} ${end < now ? 'ran' : 'runs'} out on ${dayOf(end)}`
  const message = end < now ? `${what}: it is taken all the same, since you trust it by name` : `${what}: is there a new one?`
  return [{ kind: 'note', message }]
}

function told(text: string, now: number): string {
  const certificate = certificateIn(text)
  if (certificate === undefined) return 'not a certificate'
  const { asymmetricKeyType: kind = 'unknown', asymmetricKeyDetails } = certificate.publicKey
  const bits = asymmetricKeyDetails?.modulusLength
  const end = Date.parse(certificate.validTo)
  return `${kind.toUpperCase()}${bits === undefined ? '' : ` ${bits}`}, ${end < now ? 'ran out' : 'good until'} ${dayOf(end)}, SHA-256 ${certificate.fingerprint256.slice(0, 23)}…`
}
