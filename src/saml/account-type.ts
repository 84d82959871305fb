/**
 * Which account type a sign-in gives: a fixed one, by a table of values, or by precedence where a person has several.
 */

import { foldText } from '../directory/keys.ts'
import type { SamlRules, Settings } from '../directory/settings.ts'
import { DEFAULT_ACCOUNT_TYPES } from '../directory/settings.ts'
import type { AttributeName } from './attribute-names.ts'
import { namesFor, SCOPED_NAMES } from './attribute-names.ts'
import type { Found, Look } from './attribute-values.ts'
import { localPart, present } from './attribute-values.ts'

export type AccountType = {
  readonly type: string
  /** The attribute whose value said so; absent: nobody did, it is what the institution gives to all others. */
  readonly from?: string
}

/** eduPersonAffiliation, from the closest tie to the loosest; `member` and `affiliate` say too little. */
const AFFILIATIONS: readonly (readonly [string, string])[] = [
  ['faculty', 'Faculty'],
  ['staff', 'Staff'],
  ['employee', 'Staff'],
  ['student', 'Student'],
  ['alum', 'Alumni'],
]

/**
 * @returns undefined when nothing says of which type a new person is
 */
export function accountTypeFrom(saml: SamlRules, settings: Settings, look: Look): AccountType | undefined {
  const { attribute, map, default: otherwise } = saml.accountType ?? {}
  const isFixed = otherwise !== undefined && attribute === undefined && map === undefined
  const table = map === undefined ? usualTable(settings) : Object.entries(map)
  const told = isFixed ? undefined : typeIn(table, present(namesOf(saml, attribute), look))
  return told ?? (otherwise === undefined ? undefined : { type: otherwise })
}

function namesOf(saml: SamlRules, attribute: string | undefined): readonly AttributeName[] {
  return attribute === undefined ? namesFor('account_type', saml) : [{ name: attribute }]
}

/** Those account types that an affiliation usually means, then each by its own name. */
function usualTable({ accountTypes = DEFAULT_ACCOUNT_TYPES }: Settings): readonly (readonly [string, string])[] {
  const own = new Set(accountTypes.map(foldText))
  return [...AFFILIATIONS.filter(([, type]) => own.has(foldText(type))), ...accountTypes.map((type) => [type, type] as const)]
}

/** The first row of the table that the first telling attribute has. */
function typeIn(table: readonly (readonly [string, string])[], found: readonly Found[]): AccountType | undefined {
  for (const { name, values } of found) {
    const said = SCOPED_NAMES.has(name) ? [...values, ...values.map(localPart)] : values
    const had = new Set(said.map(foldText))
    const row = table.find(([value]) => had.has(foldText(value)))
    if (row !== undefined) return { type: row[1], from: name }
  }
  return undefined
}
