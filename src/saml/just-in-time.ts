/**
 * What a sign-in asks of the directory: whoever is not yet on the roll is created; who is found is left alone, has gaps
 * filled or is updated, as the institution says. Who is deactivated stays out.
 */
import type { Change, Current, Edit, Problem, Refusal } from '../directory/change.ts'
import type { FlatSender } from '../directory/flat-change.ts'
import { faultsIn, flatChange, isChange } from '../directory/flat-change.ts'
import { flatUserOf } from '../directory/flat-record.ts'
import type { SamlRules } from '../directory/settings.ts'
import { NETIDS } from '../directory/user.ts'
import type { Person } from './person.ts'

/** `leftOut`: values that no field can hold, and that nobody needs. */
export type Asking =
  | { readonly kind: 'change'; readonly change: Change; readonly leftOut: readonly Problem[] }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

type Fields = Person['fields']

export function changeFor(person: Person, rules: SamlRules, sender: FlatSender): Asking {
  if (person.problems.length > 0) return { kind: 'refused', problems: person.problems }
  const { fields, leftOut } = readable(person.fields, sender)
  const change = flatChange(fields, sender)
  if (!isChange(change)) return { kind: 'refused', problems: [...leftOut, ...change] }
  // Without it an address alone would say who this is.
  const netids = leftOut.filter(({ field }) => NETIDS.some((netid) => netid === field))
  if (netids.length > 0) return { kind: 'refused', problems: netids }
  const edit = editFor(change.edit, fields, { person, rules, sender })
  return { kind: 'change', change: { ...change, edit, ...(rules.reactivate && { reactivates: true }) }, leftOut }
}

/** The fields whose values can be read, and what is wrong with the others. */
function readable(fields: Fields, sender: FlatSender): { fields: Fields; leftOut: readonly Problem[] } {
  const leftOut = faultsIn(flatChange(fields, sender)).filter(({ field }) => field !== undefined && Object.hasOwn(fields, field))
  const faulty = new Set(leftOut.map(({ field }) => field))
  return { fields: Object.fromEntries(Object.entries(fields).filter(([field]) => !faulty.has(field))), leftOut }
}

function editFor(
  create: Edit,
  fields: Fields,
  { person, rules, sender }: { readonly person: Person; readonly rules: SamlRules; readonly sender: FlatSender },
): Edit {
  // What everybody gets who is nothing else says nothing of a person who is known.
  const told = Object.entries(fields).filter(([field]) => field !== 'account_type' || person.from.account_type !== undefined)
  return (current, context) => {
    if (current === undefined) return rules.create === false ? denied(UNKNOWN) : create(undefined, context)
    const isInactive = current.resource.active === false
    if (isInactive && rules.reactivate !== true) return denied(INACTIVE)
    const draft = update(current)
    return 'kind' in draft || !isInactive ? draft : { resource: { ...draft.resource, active: true } }

    function update(known: Current) {
      if (rules.update === undefined || rules.update === 'never') return { resource: known.resource }
      const there = rules.update === 'gaps' ? flatUserOf(known.user.resource) : {}
      const wanted = told.filter(([field]) => !Object.hasOwn(there, field))
      const change = flatChange({ ...Object.fromEntries(wanted), id: known.user._id }, sender)
      return isChange(change) ? change.edit(known, context) : ({ kind: 'invalid', problems: change } as const)
    }
  }
}

const UNKNOWN: Problem = {
  code: 'not_on_roll',
  message: 'nobody with these keys is on the roll, and sign-ins create nobody (setting saml.create)',
}

const INACTIVE: Problem = {
  code: 'inactive',
  message: 'the person is inactive, and a sign-in brings nobody back (setting saml.reactivate)',
}

function denied(problem: Problem): Refusal {
  return { kind: 'denied', problems: [problem] }
}
