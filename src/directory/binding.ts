/**
 * Bindings: what a person or a group is to each source, which has its own name for it and may have deleted it.
 */
import type { Predicate } from '../store/predicate.ts'
import type { Draft } from './change.ts'
import type { Difference } from './difference.ts'
import { differenceOf } from './difference.ts'
import type { Binding, Source } from './user.ts'

type Bound = { readonly bindings: readonly Binding[] }

export function bindingOf(bindings: readonly Binding[], source: Source): Binding | undefined {
  return bindings.find((binding) => binding.source === source)
}

/** Whether the source sees the record: it is there, and this source has not deleted it. */
export function isVisible<R extends Bound>(record: R | undefined, source: Source): record is R {
  return record !== undefined && bindingOf(record.bindings, source)?.state !== 'deleted'
}

/** Records that the source has, and has not deleted. */
export function isBoundTo(source: Source): Predicate {
  return { op: 'any', path: 'search.boundTo', where: { op: 'eq', path: '', value: source } }
}

/** Records that the source has not deleted, whether or not it has them. */
export function isNotDeletedBy(source: Source): Predicate {
  return { op: 'not', of: { op: 'any', path: 'search.deletedBy', where: { op: 'eq', path: '', value: source } } }
}

/** The bindings after a source said what becomes of its own; the same where it said nothing new. */
export function withBinding(bindings: readonly Binding[], source: Source, draft: Draft['binding']): readonly Binding[] {
  if (draft === undefined) return bindings
  const known = bindingOf(bindings, source)
  const { state, externalId } = draft
  const id = externalId === undefined ? known?.externalId : (externalId ?? undefined)
  const next: Binding = { source, state, ...(id === undefined ? {} : { externalId: id }) }
  if (known !== undefined && known.state === next.state && known.externalId === next.externalId) return bindings
  return known === undefined ? [...bindings, next] : bindings.map((binding) => (binding === known ? next : binding))
}

/** What the binding's change looks like among the differences. */
export function bindingDifferences(before: readonly Binding[], after: readonly Binding[]): Difference[] {
  const differences: Difference[] = []
  if (before === after) return differences
  for (const { source, state, externalId } of after) {
    const old = bindingOf(before, source)
    if (old?.state !== state) differences.push(differenceOf(`binding[${source}]`, old?.state, state))
    if (old?.externalId !== externalId) differences.push(differenceOf(`externalId[${source}]`, old?.externalId, externalId))
  }
  return differences
}
