/**
 * The tenant and its settings (`schemas/institution.schema.json`).
 */
import type { Doc } from '../store/store.ts'
import type { MatchKey, Slot } from './user.ts'

export type Settings = {
  readonly accountTypes?: readonly string[]
  readonly defaultAccountType?: string
  readonly matchOrder?: readonly MatchKey[]
  readonly required?: { readonly [channel in 'file' | 'api' | 'saml']?: readonly string[] }
  /** Slot (or attribute, or flat field) -> sources or channels, highest first. */
  readonly authority?: { readonly [slot: Slot]: readonly string[] }
  /** After how many days of inactivity a record is no longer met by e-mail or userName. */
  readonly keyHoldDays?: number
  readonly scim?: {
    readonly map?: { readonly [field: string]: string | { readonly path: string; readonly take?: 'localPart' } }
    readonly sees?: 'own' | 'all'
    readonly purgeAfterDays?: number | null
  }
  readonly rateLimit?: { readonly perSecond?: number }
}

export type Institution = Doc & {
  readonly name: string
  readonly settings: Settings
  /** Epoch milliseconds. */
  readonly created: number
  readonly lastModified: number
}

export const DEFAULT_ACCOUNT_TYPES = ['Student', 'Faculty', 'Staff', 'Alumni', 'Guest'] as const
