/**
 * The rules of a sign-in: those of the institution, and those that an identity provider has of its own.
 */
import type { Problem } from '../directory/change.ts'
import type { SettingsCheck } from '../directory/check-settings.ts'
import { FIELDS, fieldNamed } from '../directory/fields.ts'
import { foldText } from '../directory/keys.ts'
import { didYouMean, suggesting } from '../directory/near-miss.ts'
import type { IdpSettings, SamlRules, SamlSettings, Settings } from '../directory/settings.ts'
import { DEFAULT_ACCOUNT_TYPES, idpsOf } from '../directory/settings.ts'
import type { Source } from '../directory/user.ts'

/** An identity provider's own rule stands for that of the institution; attributes are mapped field by field. */
export function rulesFor(saml: SamlSettings, idp: IdpSettings): SamlRules {
  const { attributes, accountType, create, update, reactivate, allowUnsolicited } = { ...saml, ...idp }
  return {
    ...(attributes !== undefined && { attributes: { ...saml.attributes, ...idp.attributes } }),
    ...(accountType !== undefined && { accountType }),
    ...(create !== undefined && { create }),
    ...(update !== undefined && { update }),
    ...(reactivate !== undefined && { reactivate }),
    ...(allowUnsolicited !== undefined && { allowUnsolicited }),
  }
}

/** The institution's own word goes before that of the metadata. */
export function scopesOf({ scopes, metadataScopes }: IdpSettings): readonly string[] | undefined {
  return scopes ?? metadataScopes
}

/** `saml` for the one of `saml.idp`, `saml:NAME` for the others; without a name it is made of the entity id. */
export function sourceOf(saml: SamlSettings, { entityId, name }: IdpSettings): Source {
  if (name !== undefined) return `saml:${name}`
  if (saml.idp?.entityId === entityId) return 'saml'
  const made = entityId
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .replace(/[^a-z0-9.]+/g, '-')
  return `saml:${made.replace(/^[.-]+|[.-]+$/g, '').slice(0, 63)}`
}

/** What the schema of settings cannot tell: fields, account types, and providers that are told apart by nothing. */
export const samlRuleProblems: SettingsCheck = (settings) => {
  const { saml } = settings
  if (saml === undefined) return []
  const own = (saml.idps ?? []).flatMap((idp, index) => rulesProblems(idp, `saml.idps[${index}]`, settings))
  const one = saml.idp === undefined ? [] : rulesProblems(saml.idp, 'saml.idp', settings)
  return [...rulesProblems(saml, 'saml', settings), ...one, ...own, ...twins(settings)]
}

function rulesProblems({ attributes, accountType }: SamlRules, at: string, settings: Settings): Problem[] {
  const { map = {}, default: otherwise } = accountType ?? {}
  return [
    ...Object.keys(attributes ?? {}).flatMap((name) => fieldProblem(`${at}.attributes`, name)),
    ...Object.entries(map).flatMap(([value, type]) =>
      typeProblem(`${at}.accountType.map[${JSON.stringify(value)}]`, type, settings),
    ),
    ...(otherwise === undefined ? [] : typeProblem(`${at}.accountType.default`, otherwise, settings)),
  ]
}

function fieldProblem(at: string, name: string): Problem[] {
  const field = fieldNamed(name)?.name
  if (field === name) return []
  const names = FIELDS.map((one) => one.name)
  const near = field === undefined ? didYouMean(name, names) : suggesting(field)
  return [{ field: `${at}.${name}`, code: 'unknown', message: `${at}: there is no field "${name}"${near}` }]
}

function typeProblem(at: string, type: string, { accountTypes = DEFAULT_ACCOUNT_TYPES }: Settings): Problem[] {
  if (accountTypes.some((one) => foldText(one) === foldText(type))) return []
  const right = `one of ${accountTypes.join(', ')}${didYouMean(type, accountTypes)}`
  return [{ field: at, code: 'value', message: `${at} is "${type}"; it should be ${right}` }]
}

function twins(settings: Settings): Problem[] {
  const { saml = {} } = settings
  const idps = idpsOf(settings)
  const twice = (what: string, values: readonly string[]) =>
    values
      .filter((value, index) => values.indexOf(value) !== index)
      .map(
        (value): Problem => ({
          field: 'saml.idps',
          code: 'value',
          message: `saml has two identity providers ${what} ${value}: each once`,
        }),
      )
  const entities = twice(
    'called',
    idps.map(({ entityId }) => entityId),
  )
  return entities.length > 0
    ? entities
    : twice(
        'with the source',
        idps.map((idp) => sourceOf(saml, idp)),
      )
}
