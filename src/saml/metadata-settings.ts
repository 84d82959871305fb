/**
 * What metadata says, as settings: it speaks of endpoints and keys; the rules for an identity provider stay the
 * institution's.
 */
import { DAY_MS } from '../days.ts'
import type { IdpSettings, Settings } from '../directory/settings.ts'
import type { Json, JsonObject } from '../directory/user.ts'
import type { FoundIdp } from './metadata-in.ts'

type Origin = IdpSettings['metadata']

/** Metadata of a federation is signed anew each day: its new end is written down only when the old one comes near. */
const NEAR_MS = 3 * DAY_MS

/**
 * A patch (RFC 7396) that puts it in the place of the one with this entity id, else adds it: as `idp` where there is
 * none yet, else to `idps`.
 * @param origin where it was had from; undefined for a file
 */
export function patchWith(found: FoundIdp, origin: Origin): (settings: Settings) => Json {
  return ({ saml = {} }) => {
    const { idp, idps = [] } = saml
    const known = idps.findIndex(({ entityId }) => entityId === found.entityId)
    if (known >= 0)
      return { saml: { idps: idps.map((one, index) => (index === known ? replaced(one, found, origin) : one)) } } as Json
    if (idp === undefined ? idps.length === 0 : idp.entityId === found.entityId)
      return { saml: { idp: patched(idp, found, origin) } }
    return { saml: { idps: [...idps, replaced(undefined, found, origin)] } } as Json
  }
}

/** The settings that metadata decides, and that are gone where it is silent. */
const DECIDED = ['ssoUrl', 'ssoBinding', 'certificates', 'signRequests', 'metadata', 'validUntil'] as const

function replaced(known: IdpSettings | undefined, found: FoundIdp, origin: Origin): IdpSettings {
  const rest = Object.entries(known ?? {}).filter(([name]) => !DECIDED.some((one) => one === name))
  const own = Object.fromEntries(rest) as Partial<IdpSettings>
  // What an administrator calls it stays.
  return { ...own, ...found, ...(own.title !== undefined && { title: own.title }), ...(origin && { metadata: origin }) }
}

function patched(known: IdpSettings | undefined, found: FoundIdp, origin: Origin): JsonObject {
  const next = replaced(known, found, origin)
  const gone = Object.keys(known ?? {}).filter((name) => !Object.hasOwn(next, name))
  const looked = origin && { metadata: { certificates: null, ...origin } }
  return { ...Object.fromEntries(gone.map((name) => [name, null])), ...(next as unknown as JsonObject), ...looked }
}

/** Whether what was found is worth writing down. */
export function isNews(known: IdpSettings, found: FoundIdp, now: number): boolean {
  const told = ({ ssoUrl, ssoBinding, certificates, signRequests }: FoundIdp, scopes: FoundIdp['metadataScopes']) =>
    JSON.stringify([ssoUrl, ssoBinding, certificates, signRequests, scopes])
  if (told(known, known.metadataScopes) !== told(found, found.metadataScopes ?? known.metadataScopes)) return true
  if (known.validUntil === found.validUntil) return false
  return found.validUntil === undefined || known.validUntil === undefined || Date.parse(known.validUntil) < now + NEAR_MS
}
