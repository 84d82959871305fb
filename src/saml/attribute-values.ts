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

/** The first of these names that is present and has values of other scopes alone: it is about somebody elsewhere. */
export function foreign(names: readonly AttributeName[], { statement, scopes }: Look): string | undefined {
  const isForeign = (wanted: AttributeName) => {
    const sent = sentAs(wanted, statement)
    return sent.length > 0 && !sent.some((value) => isInScope(value, wanted, scopes))
  }
  return names.find(isForeign)?.name
}

/** The first of these names that came and names nobody: nothing to be seen, or what `isNobodys` leaves out. */
export function blank(names: readonly AttributeName[], { statement }: Look): string | undefined {
  const isBlank = (value: string, wanted: AttributeName) => isNobodys(value, wanted) || foldKey(value) === undefined
  return names.find((wanted) => sentAs(wanted, statement).some((value) => isBlank(value, wanted)))?.name
}

function valuesOf(wanted: AttributeName, { statement, scopes }: Look): readonly string[] {
  const values = sentAs(wanted, statement)
    .filter((value) => !isNobodys(value, wanted) && isInScope(value, wanted, scopes))
    .map((value) => (wanted.take === 'localPart' ? localPart(value) : value))
  const folded = values.map((value) => foldKey(value) ?? value)
  return values.filter((_, index) => folded.indexOf(folded[index] ?? '') === index)
}

/** What came under a name, trimmed, none empty. */
function sentAs({ name, only }: AttributeName, statement: Statement): readonly string[] {
  const sent = name === NAME_ID ? nameIdOf(statement, only) : (statement.attributes.get(name) ?? [])
  return sent.map((value) => value.trim()).filter((value) => value !== '' && (only === undefined || isAddress(value)))
}

const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient'
/** Under either version of SAML, since providers mix them up. */
const MAY_BE_ADDRESS = /:nameid-format:(unspecified|email|emailAddress)$/

/** A transient name is another one tomorrow; a persistent one, or one of Kerberos, may look like an address and is none. */
function nameIdOf({ nameId }: Statement, only: AttributeName['only']): readonly string[] {
  if (nameId === undefined || nameId.format === TRANSIENT) return []
  const { value, format } = nameId
  return only !== undefined && format !== undefined && !MAY_BE_ADDRESS.test(format) ? [] : [value]
}

/**
 * The word that clears a field elsewhere, which is not for a person to send; and a scope with nothing before its @, as a
 * template makes it of an empty account: it would be the same name for all who have none.
 */
function isNobodys(value: string, { name, take }: AttributeName): boolean {
  if (isClear(value)) return true
  const isScoped = SCOPED_NAMES.has(name) || take === 'localPart'
  return isScoped && value.includes('@') && foldKey(value.slice(0, value.lastIndexOf('@'))) === undefined
}

/**
 * Whether what stands behind the last @ is a scope of the institution, of a name that has scopes, and of any other whose
 * domain is cut off: ada@uni.edu and ada@alumni.uni.edu are not one ada. A scoped value without a scope is nobody's.
 */
function isInScope(value: string, { name, take }: AttributeName, scopes: readonly string[] | undefined): boolean {
  const at = value.lastIndexOf('@')
  const isScoped = SCOPED_NAMES.has(name) || (take === 'localPart' && at >= 0)
  if (scopes === undefined || !isScoped) return true
  if (at < 0) return false
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
