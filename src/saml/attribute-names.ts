/**
 * What identity providers call the attributes of a person, by field: the first name that is present wins.
 * SAML names are compared as they are written; a FriendlyName is a comment and never a key (Core 2.7.3.1).
 */
import type { SamlRules } from '../directory/settings.ts'

/** Stands for the NameID of the subject among the names of attributes. */
export const NAME_ID = 'NameID'

export type AttributeName = {
  readonly name: string
  /** What of the value counts: all of it, or what stands before the @. */
  readonly take?: 'localPart'
  /** A value of any other shape is as good as absent. */
  readonly only?: 'address'
}

/** Fields that are looked for unless an institution maps them otherwise. */
export const DEFAULT_FIELDS = ['netid', 'email', 'first_name', 'last_name'] as const

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/'
const EDU_PERSON = 'urn:oid:1.3.6.1.4.1.5923.1.1.1.'
const LEGACY = 'urn:mace:dir:attribute-def:'

/**
 * Shibboleth and its federations use OIDs, Entra and AD FS claim URIs, the others short names.
 * An eppn is no netid unless the institution says so.
 */
const DEFAULT_NAMES: { readonly [field: string]: readonly AttributeName[] } = {
  netid: [
    ...names('urn:oid:0.9.2342.19200300.100.1.1', `${LEGACY}uid`, 'uid', 'netid'),
    ...names('onpremisessamaccountname', `${CLAIMS}upn`),
    // A UPN from Entra; AD FS may put a display name here, which names nobody.
    { name: `${CLAIMS}name`, only: 'address' },
    ...names('username', 'login'),
  ],
  email: [
    ...names('urn:oid:0.9.2342.19200300.100.1.3', `${LEGACY}mail`, 'urn:oid:1.2.840.113549.1.9.1'),
    ...names(`${CLAIMS}emailaddress`, 'mail', 'email', 'User.email'),
    { name: NAME_ID, only: 'address' },
  ],
  first_name: names(
    'urn:oid:2.5.4.42',
    `${LEGACY}givenName`,
    `${CLAIMS}givenname`,
    'givenName',
    'firstName',
    'first_name',
    'User.FirstName',
  ),
  last_name: names(
    'urn:oid:2.5.4.4',
    `${LEGACY}sn`,
    `${CLAIMS}surname`,
    'sn',
    'surname',
    'lastName',
    'last_name',
    'User.LastName',
  ),
  account_type: names(
    `${EDU_PERSON}5`,
    `${EDU_PERSON}1`,
    `${EDU_PERSON}9`,
    `${LEGACY}eduPersonPrimaryAffiliation`,
    `${LEGACY}eduPersonAffiliation`,
    `${LEGACY}eduPersonScopedAffiliation`,
    'eduPersonPrimaryAffiliation',
    'eduPersonAffiliation',
    'eduPersonScopedAffiliation',
    'userType',
    'http://schemas.microsoft.com/ws/2008/06/identity/claims/role',
    'Role',
    'groups',
  ),
}

/** The institution's own names for a field, in its order; the usual ones where it names none. */
export function namesFor(field: string, { attributes = {} }: SamlRules): readonly AttributeName[] {
  const own = Object.hasOwn(attributes, field) ? attributes[field] : undefined
  if (own === undefined) return DEFAULT_NAMES[field] ?? []
  return own.map((one) => (typeof one === 'string' ? { name: one } : one))
}

/** Attributes whose values are `value@scope`, and mean something only where the scope is the institution's. */
export const SCOPED_NAMES: ReadonlySet<string> = new Set([
  ...['6', '9', '13'].map((number) => EDU_PERSON + number),
  ...['eduPersonPrincipalName', 'eduPersonScopedAffiliation', 'eduPersonUniqueId'].flatMap((name) => [name, LEGACY + name]),
  ...['pairwise-id', 'subject-id'].map((name) => `urn:oasis:names:tc:SAML:attribute:${name}`),
])

function names(...all: readonly string[]): readonly AttributeName[] {
  return all.map((name) => ({ name }))
}
