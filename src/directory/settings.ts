/**
 * The settings of an institution, as they are stored (`schemas/institution.schema.json` says what each is for);
 * `check-settings.ts` lets no others in.
 */
import type { MatchKey, Slot } from './user.ts'

export type Settings = {
  readonly accountTypes?: readonly string[]
  readonly defaultAccountType?: string
  readonly matchOrder?: readonly MatchKey[]
  readonly required?: { readonly [channel in 'file' | 'api' | 'saml']?: readonly string[] }
  /** Flat field -> the values it may have, in the spelling in which they are kept. */
  readonly lookups?: { readonly [field: string]: readonly string[] }
  /** Channels from which an empty text clears a field; elsewhere it leaves it alone. */
  readonly emptyClears?: readonly ('file' | 'api' | 'saml')[]
  /** Slot (or attribute, or flat field) -> sources or channels, highest first. */
  readonly authority?: { readonly [slot: Slot]: readonly string[] }
  /** After how many days of inactivity a record is no longer met by e-mail or userName. */
  readonly keyHoldDays?: number
  readonly scim?: {
    readonly map?: { readonly [field: string]: string | { readonly path: string; readonly take?: 'localPart' } }
    readonly sees?: 'own' | 'all'
    readonly purgeAfterDays?: number | null
    readonly extension?: OwnExtension
  }
  readonly sftp?: SftpSettings
  readonly files?: FileSettings
  readonly groups?: { readonly map?: { readonly [displayName: string]: GroupMeaning } }
  readonly saml?: SamlSettings
  readonly rateLimit?: { readonly perSecond?: number }
  readonly trustedIssuers?: readonly TrustedIssuer[]
}

/** What an institution knows of people beyond the schemas that all have. */
export type OwnExtension = { readonly urn: string; readonly attributes: readonly OwnAttribute[] }

export type OwnAttribute = {
  readonly name: string
  /** `string` when absent; `complex` with `subAttributes`, which have one value each and no parts. */
  readonly type?: string
  readonly multiValued?: boolean
  readonly caseExact?: boolean
  readonly description?: string
  readonly subAttributes?: readonly Omit<OwnAttribute, 'multiValued' | 'subAttributes'>[]
}

export type SftpSettings = {
  /** Of the drop box; the id of the institution when absent. */
  readonly username?: string
  /** Public keys that may sign in, as lines of authorized_keys. */
  readonly keys?: readonly string[]
  /** Addresses and ranges to come from; from anywhere when there are none. */
  readonly addresses?: readonly string[]
  /** What may lie in `/upload` at a time. */
  readonly quota?: { readonly bytes?: number; readonly files?: number }
  /** Where clients are told to go: where it listens and as PUBLIC_URL says when absent. */
  readonly publicHost?: string
  readonly publicPort?: number
  /** Servers of the institution from which files are fetched. */
  readonly pickUp?: readonly PickUpSettings[]
}

export type PickUpSettings = {
  /** Tells it from others of the institution, and stands in the audit trail. */
  readonly name: string
  readonly host: string
  readonly port?: number
  readonly username: string
  /** Fingerprints (`SHA256:…`) of the keys that the server may show. */
  readonly hostKeys?: readonly string[]
  /** Where the user arrives when absent. */
  readonly folder?: string
  /** A file name with `*` for any letters; any file when absent. */
  readonly pattern?: string
  /** How long a file must stay as it is before it is fetched; a minute when absent. */
  readonly settleSeconds?: number
  /** What becomes of a file there that was fetched; `leave` when absent. */
  readonly after?: 'leave' | 'rename'
}

/** Whose JWTs open this institution. */
export type TrustedIssuer = {
  /** Its client id at the token endpoint, and the name of its source. */
  readonly name: string
  /** The claim `iss`, to the letter. */
  readonly issuer: string
  /** Where its public keys are, or the keys themselves (RFC 7517). */
  readonly jwksUrl?: string
  readonly keys?: readonly { readonly [member: string]: unknown }[]
  /** One of which the claim `aud` must name. */
  readonly audience: string | readonly string[]
  /** What other claims must say. */
  readonly claims?: { readonly [claim: string]: string | readonly string[] }
  readonly algorithms?: readonly string[]
  /** What its tokens open; `scim` when absent. */
  readonly scope?: string
  /** As whose changes theirs count; the channel and the name when absent. */
  readonly source?: string
}

/** What being in a group says about a person. */
export type GroupMeaning = { readonly accountType?: string; readonly tags?: readonly string[] }

/** In place of a field in `files.columns`: the column is there for others. */
export const IGNORED_COLUMN = 'ignore'

export type FileSettings = {
  /** Of the day, `07:00`, in `timeZone`. */
  readonly runAt?: string
  readonly timeZone?: string
  /** Below the institution's own folder in `FILES_ROOT`: files that are put there are taken in. */
  readonly folder?: string
  /** Whether a file waits until there is one of its name with `.done` behind it. */
  readonly waitForDone?: boolean
  /** How long what was gone through and its reports are kept; 400 when absent. */
  readonly keepDays?: number
  /** An institution's own headings -> fields, or `IGNORED_COLUMN`. */
  readonly columns?: { readonly [heading: string]: string }
  readonly sources?: readonly FileSourceSettings[]
  readonly thresholds?: { readonly [threshold in Threshold]?: { readonly percent?: number; readonly atLeast?: number } }
  readonly limits?: { readonly [limit: string]: number }
  /** Who is told what became of a file. */
  readonly notify?: {
    readonly webhook?: {
      readonly url: string
      /** Sealed. */
      readonly secret: string
    }
    readonly email?: readonly string[]
  }
}

export type FileSourceSettings = {
  /** A file name with `*` for any letters. */
  readonly pattern: string
  /** Of the source, `file:NAME`; made of the pattern when absent. */
  readonly name?: string
  /** `update` never creates; `roster` says who belongs here, beside what `upsert` does. */
  readonly mode?: 'upsert' | 'update' | 'roster'
  /** What every row of the file says, by field. */
  readonly constants?: { readonly [field: string]: string | number | boolean | null | readonly string[] }
  /** Of a roster: whoever is missing from so many files in a row is deactivated; 3 when absent. */
  readonly deactivateAfter?: number
  /** Whoever is told of runs is told each day on which no file has come for longer. */
  readonly missingAfterDays?: number
}

/** What a sign-in does; an identity provider may have rules of its own. */
export type SamlRules = {
  /** Flat field -> the attributes to look for, in this order; `NameID` stands for the name of the subject. */
  readonly attributes?: { readonly [field: string]: readonly SamlAttribute[] }
  /** `map` goes from values to account types; the order of its keys is the order of precedence. */
  readonly accountType?: {
    readonly attribute?: string
    readonly map?: { readonly [value: string]: string }
    readonly default?: string
  }
  readonly create?: boolean
  readonly update?: 'never' | 'gaps' | 'always'
  /** Whether a sign-in makes an inactive person active. */
  readonly reactivate?: boolean
  /** Whether a sign-in may begin at the identity provider. */
  readonly allowUnsolicited?: boolean
}

type SamlAttribute = string | { readonly name: string; readonly take?: 'localPart' }

export type SamlSettings = SamlRules & {
  readonly idp?: IdpSettings
  /** Beside `idp`, or instead of it. */
  readonly idps?: readonly IdpSettings[]
  /** Where people may be sent after a sign-in; the first one when they name none. */
  readonly returnUrls?: readonly string[]
  /** Whom people are told to ask. */
  readonly contact?: { readonly name?: string; readonly email?: string; readonly url?: string }
  /** What identity providers show of this service to whoever signs in. */
  readonly about?: {
    readonly description?: string
    readonly informationUrl?: string
    readonly privacyUrl?: string
    /** Width and height in pixels. */
    readonly logo?: { readonly url: string; readonly width: number; readonly height: number }
  }
}

export type IdpSettings = SamlRules & {
  readonly entityId: string
  readonly ssoUrl: string
  /** How a request goes to `ssoUrl`; `redirect` when absent. */
  readonly ssoBinding?: 'redirect' | 'post'
  /** With which it may sign, PEM or bare base64. */
  readonly certificates: readonly string[]
  /** Whether it wants requests signed. */
  readonly signRequests?: boolean
  /** Of the source, `saml:NAME`. */
  readonly name?: string
  /** For people who choose among several. */
  readonly title?: string
  /** Of the e-mail addresses whose owners sign in there. */
  readonly domains?: readonly string[]
  /** Behind the @ of its scoped values; what its metadata says when absent, and any when that says nothing either. */
  readonly scopes?: readonly string[]
  readonly metadataScopes?: readonly string[]
  /** Where its metadata is looked up each day, and with which certificates that must be signed, when it must be. */
  readonly metadata?: { readonly url: string; readonly certificates?: readonly string[] }
  /** How long that metadata may be relied on, as SAML writes it. */
  readonly validUntil?: string
}

/** What a file may do before somebody has to look at it. */
export type Threshold = 'invalid' | 'updated' | 'deactivated' | 'keysChanged' | 'shrunk'

export const DEFAULT_ACCOUNT_TYPES = ['Student', 'Faculty', 'Staff', 'Alumni', 'Guest'] as const

/**
 * The user name of the drop box, which no two institutions share; SSH compares names by the letter, people do not.
 * @returns undefined where no drop box is set up
 */
export function sftpUserOf(id: string, { sftp }: Settings): string | undefined {
  return (sftp?.username ?? (sftp?.keys && id))?.toLowerCase()
}

/** All identity providers of an institution, in the order of its settings. */
export function idpsOf({ saml = {} }: Settings): readonly IdpSettings[] {
  return [...(saml.idp === undefined ? [] : [saml.idp]), ...(saml.idps ?? [])]
}
