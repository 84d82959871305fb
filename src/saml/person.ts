/**
 * Attributes -> flat fields: what a sign-in says of a person, as the institution reads it. Pure.
 */
import type { Problem } from '../directory/change.ts'
import { foldKey } from '../directory/keys.ts'
import type { SamlRules, Settings } from '../directory/settings.ts'
import type { MatchKey } from '../directory/user.ts'
import { isMatchKey } from '../directory/user.ts'
import { accountTypeFrom } from './account-type.ts'
import { DEFAULT_FIELDS, namesFor } from './attribute-names.ts'
import type { Found, Look } from './attribute-values.ts'
import { blank, foreign, present } from './attribute-values.ts'

export type Person = {
  /** As REST would send them. */
  readonly fields: { readonly [field: string]: string | readonly string[] }
  /** The attribute that each field came from; what a default gave came from none. */
  readonly from: { readonly [field: string]: string }
  /** What came and cannot be meant: two values of a name that one person has once. */
  readonly problems: readonly Problem[]
}

export function personFrom(saml: SamlRules, settings: Settings, look: Look): Person {
  const fields: { [field: string]: string | readonly string[] } = {}
  const from: { [field: string]: string } = {}
  const problems: Problem[] = []
  for (const field of new Set([...DEFAULT_FIELDS, ...Object.keys(saml.attributes ?? {})])) {
    if (field === 'account_type') continue
    const found = present(namesFor(field, saml), look)
    problems.push(...doubts(field, saml, found, look))
    const [first] = found
    if (first === undefined) continue
    fields[field] = field === 'user_tags' ? first.values : String(first.values[0])
    from[field] = first.name
  }
  const accountType = accountTypeFrom(saml, settings, look)
  if (accountType !== undefined) fields.account_type = accountType.type
  if (accountType?.from !== undefined) from.account_type = accountType.from
  return { fields, from, problems }
}

/**
 * A match key must say one thing: several netids name several people, and two attributes that the institution itself
 * mapped to one key must agree, have a text, and be of its scope. Were a key only left out, a weaker one would say who
 * this is, also where it came with nothing to be seen. Of several addresses the first one counts.
 */
function doubts(field: string, saml: SamlRules, found: readonly Found[], look: Look): Problem[] {
  const [first] = found
  if (!isMatchKey(field)) return []
  const nested = isMapped(saml, field) ? namesFor(field, saml).find(({ name }) => look.statement.nested.has(name)) : undefined
  if (nested !== undefined) return [withoutText(field, nested.name)]
  const elsewhere = foreign(namesFor(field, saml), look)
  if (elsewhere !== undefined) return [ofAnotherScope(field, elsewhere)]
  if (first === undefined || foldKey(String(first.values[0])) === undefined) {
    const name = field === 'email' ? undefined : blank(namesFor(field, saml), look)
    return name === undefined ? [] : [nobodysName(field, name)]
  }
  if (field !== 'email' && first.values.length > 1) return [several(field, first)]
  const other = isMapped(saml, field) ? found.find((one) => !agree(first, one)) : undefined
  return other === undefined ? [] : [disagree(field, first.name, other.name)]
}

function isMapped({ attributes = {} }: SamlRules, field: MatchKey): boolean {
  return Object.hasOwn(attributes, field)
}

function agree(first: Found, other: Found): boolean {
  return other.values.some((value) => foldKey(value) === foldKey(String(first.values[0])))
}

function several(field: string, { name, values }: Found): Problem {
  const message = `${name} has ${values.length} values, and a person has one ${field}: let the identity provider send one`
  return { field, code: 'value_several', message }
}

function withoutText(field: string, name: string): Problem {
  return { field, code: 'value_nested', message: `${name} is mapped to ${field}, and its values are no text` }
}

function nobodysName(field: string, name: string): Problem {
  return { field, code: 'value_blank', message: `${name} is read as ${field}, and what it says is nobody’s` }
}

function ofAnotherScope(field: string, name: string): Problem {
  const message = `${name} is mapped to ${field}, and its scope is none of those of the identity provider (setting saml.idp.scopes)`
  return { field, code: 'value_scope', message }
}

function disagree(field: string, first: string, other: string): Problem {
  const message = `${first} and ${other} are both mapped to ${field} and say different things: map the one that counts`
  return { field, code: 'values_disagree', message }
}
