/**
 * From a believed response to a person of the roll: what it says by the institution's rules, and what the directory makes
 * of that. Whoever cannot be told apart from somebody else, lacks something or is switched off is refused.
 */
import type { Change, Outcome, Problem } from '../directory/change.ts'
import type { Institution } from '../directory/institution.ts'
import type { Source, User } from '../directory/user.ts'
import { changeFor } from './just-in-time.ts'
import type { Person } from './person.ts'
import { personFrom } from './person.ts'
import type { Refusal } from './refusal-record.ts'
import { rulesFor, scopesOf, sourceOf } from './rules.ts'
import type { Verified } from './verify.ts'

export type Admitted = {
  readonly kind: 'in'
  readonly user: User
  readonly source: Source
  readonly outcome: 'created' | 'updated' | 'unchanged'
  readonly person: Person
}

/** `person` is what the attributes said. */
export type Turned = { readonly kind: 'out'; readonly refusal: Refusal; readonly person: Person }

type Statement = Pick<Verified, 'idp' | 'nameId' | 'attributes' | 'nested'>

/** @param submit hands the change to the directory, or only asks what would become of it */
export async function admitPerson(
  statement: Statement,
  institution: Institution,
  submit: (change: Change) => Promise<Outcome>,
): Promise<Admitted | Turned> {
  const { idp } = statement
  const { saml = {} } = institution.settings
  const rules = rulesFor(saml, idp)
  const source = sourceOf(saml, idp)
  const person = personFrom(rules, institution.settings, { statement, scopes: scopesOf(idp) })
  const turned = (refusal: Pick<Refusal, 'failure' | 'code' | 'detail' | 'missing' | 'records'>): Turned => {
    const about = { idp: idp.entityId, source, attributeNames: namesOf(statement), from: person.from }
    return { kind: 'out', person, refusal: { ...about, ...refusal } }
  }
  const asking = changeFor(person, rules, { institution, source, credential: idp.entityId })
  if (asking.kind === 'refused') return turned(lacking(asking.problems, person))
  const outcome = await submit(asking.change)
  switch (outcome.kind) {
    case 'created':
    case 'updated':
    case 'unchanged':
      if (outcome.user.resource.active === false) return turned(INACTIVE)
      return { kind: 'in', user: outcome.user, source, outcome: outcome.kind, person }
    case 'conflict':
      return turned({ failure: 'conflict', code: outcome.code, detail: outcome.message, records: outcome.records })
    case 'invalid':
      return turned(lacking([...asking.leftOut, ...outcome.problems], person))
    case 'denied':
      return turned(denied(outcome.problems))
    // A sign-in names nobody by id and no version.
    case 'missing':
    case 'stale':
    case 'busy':
      return turned({ failure: 'busy', code: 'busy', detail: 'others were changing this person all the time: nothing was done' })
    default:
      return outcome satisfies never
  }
}

/** The names of all that came. */
export function namesOf({ attributes, nested }: Pick<Verified, 'attributes' | 'nested'>): string[] {
  return [...attributes.keys(), ...nested]
}

const INACTIVE = {
  failure: 'inactive',
  code: 'inactive',
  detail: 'the person is inactive, and stays so: somebody else who has the say made it so (setting authority.active)',
} as const

function denied(problems: readonly Problem[]): Pick<Refusal, 'failure' | 'code' | 'detail'> {
  const [first] = problems
  const failure = first?.code === 'inactive' ? 'inactive' : 'stranger'
  return { failure, code: first?.code ?? 'denied', detail: problems.map(({ message }) => message).join('; ') }
}

/** Codes of problems that are told without a value as they are. */
const OWN_WORDS: ReadonlySet<string> = new Set([
  'required_missing',
  'value_blank',
  'value_several',
  'value_nested',
  'value_scope',
  'values_disagree',
])

/** What a person would need, told without the values that came. */
function lacking(problems: readonly Problem[], { from }: Person): Pick<Refusal, 'failure' | 'code' | 'detail' | 'missing'> {
  const lacks = problems.filter(({ code }) => code === 'required_missing')
  const missing = lacks.flatMap(({ field }) => field ?? [])
  // All are missing for one reason, which is told once.
  const [first, ...others] = lacks
  const alike = others.length === 0 ? '' : `; so ${others.length === 1 ? 'is' : 'are'} ${missing.slice(1).join(', ')}`
  const failure = missing.length > 0 ? 'incomplete' : 'conflict'
  const detail = problems.filter((problem) => !others.includes(problem)).map(told)
  return { failure, code: problems[0]?.code ?? 'invalid', detail: detail.join('; '), missing }

  function told(problem: Problem): string {
    const { field = '', code, message } = problem
    if (problem === first) return message + alike
    if (OWN_WORDS.has(code)) return message
    return `what ${from[field] ?? 'a rule'} says cannot be the ${field} of anybody (${code})`
  }
}
