/**
 * The values that a sign-in brings, by the names under which an institution looks for them.
 */
import { isClear } from '../directory/flat-values.ts'
import { foldKey } from '../directory/keys.ts'
import type { AttributeName } from './attribute-names.ts'
import { NAME_ID, SCOPED_NAMES } from './attribute-names.ts'
import type { Verified } from './verify.ts'

/** What a verified assertion says of a person. */
type Statement = Pick<Verified, 'nameId' | 'attributes' | 'nested'>

export type Found = { readonly name: string; readonly values: readonly string[] }

export type Look = {
  readonly statement: Statement
  /** Behind the @ of a scoped value; any when none are given. */
  readonly scopes: readonly string[] | undefined
}

/** Every one of these names that is present, in their order, each with its values: trimmed, none empty, none twice. */
export function present(names: readonly AttributeName[], look: Look): Found[] {
  return names.flatMap((wanted) => {
    const values = valuesOf(wanted, look)
    return values.length === 0 ? [] : [{ name: wanted.name, values }]
  })
}

function valuesOf({ name, take, only }: AttributeName, { statement, scopes }: Look): readonly string[] {
  const sent = name === NAME_ID ? nameIdOf(statement, only) : (statement.attributes.get(name) ?? [])
  const values = sent
    .map((value) => value.trim())
    // A word that clears a field elsewhere is not for a person to send.
    .filter((value) => value !== '' && !isClear(value) && (only === undefined || isAddress(value)))
    .filter((value) => !SCOPED_NAMES.has(name) || isInScope(value, scopes))
    .map((value) => (take === 'localPart' ? localPart(value) : value))
  const folded = values.map((value) => foldKey(value) ?? value)
  return values.filter((_, index) => folded.indexOf(folded[index] ?? '') === index)
}

const FORMAT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:'

/** A transient name is another one tomorrow; a persistent one may look like an address and is none. */
function nameIdOf({ nameId }: Statement, only: AttributeName['only']): readonly string[] {
  if (nameId.format === `${FORMAT}transient`) return []
  return only !== undefined && nameId.format === `${FORMAT}persistent` ? [] : [nameId.value]
}

/** Whether what stands behind the last @ is a scope of the institution. */
function isInScope(value: string, scopes: readonly string[] | undefined): boolean {
  const at = value.lastIndexOf('@')
  if (scopes === undefined || at < 0) return true
  const scope = value.slice(at + 1).toLowerCase()
  return scopes.some((one) => one.toLowerCase() === scope)
}

function isAddress(value: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(value)
}

/** What stands before the last @. */
export function localPart(value: string): string {
  const at = value.lastIndexOf('@')
  return at > 0 ? value.slice(0, at) : value
}
