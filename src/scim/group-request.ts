/**
 * What a client asks of a group (POST, PUT, PATCH) -> an edit of its record, and who joins and leaves.
 *
 * A PATCH is taken as a whole: of several operations on the members only what they come to in the end is done, so that
 * nobody need know who else belongs to the group.
 */
import { bindingOf, isVisible } from '../directory/binding.ts'
import type { Group } from '../directory/groups/group.ts'
import type { MembersChange } from '../directory/groups/members-check.ts'
import type { GroupChange } from '../directory/groups/plan.ts'
import { isList, isObject } from '../directory/json.ts'
import type { Json, Source } from '../directory/user.ts'
import { ScimProblem } from './errors.ts'
import { memberTerms } from './filter/member-terms.ts'
import type { Sent } from './normalise.ts'
import type { Step } from './patch-steps.ts'

export type GroupRequest = { readonly edit: GroupChange['edit']; readonly members: MembersChange }

/** A source that has the group by this name already must not make it again; any other takes it for its own. */
export function createRequest({ resource, externalId }: Sent, source: Source): GroupRequest {
  const displayName = String(resource.displayName)
  const edit = (current: Group | undefined) => {
    const isThere = current !== undefined && bindingOf(current.bindings, source)?.state === 'bound' && current.unfinished !== true
    return isThere ? ({ kind: 'taken' } as const) : { displayName, binding: bound(externalId) }
  }
  return { edit, members: membersIn(resource.members, false) }
}

/** Members that a PUT does not speak of stay: a client that reads groups without them must not empty them. */
export function replaceRequest({ resource, externalId, cleared }: Sent, source: Source): GroupRequest {
  const isSpokenOf = resource.members !== undefined || cleared.has('members')
  const displayName = String(resource.displayName)
  return {
    edit: ofVisible(source, { displayName, binding: bound(externalId) }),
    members: membersIn(resource.members, isSpokenOf),
  }
}

export function patchRequest(steps: readonly Step[], source: Source): GroupRequest | ScimProblem {
  const members = new Members()
  let displayName: string | undefined
  let externalId: string | null | undefined
  for (const step of steps) {
    if (step.kind === 'externalId') externalId = step.externalId
    if (step.kind !== 'change') continue
    if (step.target.attribute.name === 'displayName') displayName = String(step.value)
    else {
      const problem = members.apply(step)
      if (problem !== undefined) return problem
    }
  }
  const draft = { ...(displayName === undefined ? {} : { displayName }), binding: bound(externalId) }
  return { edit: ofVisible(source, draft), members: members.change }
}

function ofVisible(source: Source, draft: Exclude<ReturnType<GroupChange['edit']>, { kind: string }>): GroupChange['edit'] {
  return (current) => (isVisible(current, source) ? draft : { kind: 'missing' })
}

function bound(externalId: string | null | undefined) {
  return { state: 'bound', ...(externalId === undefined ? {} : { externalId }) } as const
}

function membersIn(list: Json | undefined, isWhole: boolean): MembersChange {
  return { isWhole, join: new Set(idsIn(list)), leave: new Set() }
}

type ChangeStep = Extract<Step, { readonly kind: 'change' }>

/** What operations on the members come to. */
class Members {
  #isWhole = false
  readonly #join = new Set<string>()
  readonly #leave = new Set<string>()

  get change(): MembersChange {
    return { isWhole: this.#isWhole, join: this.#join, leave: this.#leave }
  }

  apply({ op, target, value }: ChangeStep): ScimProblem | undefined {
    const { filter, sub } = target
    if (sub !== undefined)
      return new ScimProblem('mutability', `members.${sub.name} cannot be changed: remove the member, add another`)
    const picked = filter === undefined ? undefined : memberTerms(filter)?.map(({ id }) => id)
    if (filter !== undefined && picked === undefined)
      return new ScimProblem('invalidPath', 'members are picked by their ids: members[value eq "…"]')
    const named = idsIn(value)
    if (op === 'remove') this.#remove(picked ?? (value === undefined ? undefined : named))
    else {
      if (op === 'replace') this.#remove(picked)
      for (const id of named) this.#add(id)
    }
    return undefined
  }

  #add(id: string): void {
    this.#join.add(id)
    this.#leave.delete(id)
  }

  /** @param ids all when absent */
  #remove(ids: readonly string[] | undefined): void {
    if (ids === undefined) {
      this.#isWhole = true
      this.#join.clear()
      this.#leave.clear()
    }
    for (const id of ids ?? []) {
      this.#join.delete(id)
      if (!this.#isWhole) this.#leave.add(id)
    }
  }
}

/** A member is named by its id, or by an address that ends in it. */
function idsIn(sent: Json | undefined): string[] {
  const elements = isList(sent) ? sent : sent === undefined ? [] : [sent]
  return elements.flatMap((element) => {
    const { value, $ref } = isObject(element) ? element : {}
    if (typeof value === 'string') return [value]
    return typeof $ref === 'string' ? [$ref.slice($ref.lastIndexOf('/') + 1)] : []
  })
}
