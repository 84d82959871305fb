/**
 * POST, PUT, PATCH and DELETE as edits of the record (pure; run again on the newer record after a lost race), and who
 * is adopted: a record that this client does not have, had deleted, or has as inactive (then as if it were a PUT).
 */
import type { Current, Draft, Edit, Refusal } from '../directory/change.ts'
import { isList, isObject } from '../directory/json.ts'
import { keysOf } from '../directory/keys.ts'
import { ownerOf } from '../directory/provenance.ts'
import { isExtension } from '../directory/schema.ts'
import { slotsOf, withSlot } from '../directory/slots.ts'
import type { Json, Key, Resource, Slot, Source } from '../directory/user.ts'
import { channelOf, MATCH_KEYS } from '../directory/user.ts'
import { withOnePrimary } from './elements.ts'
import { refusalOf, ScimProblem } from './errors.ts'
import type { Mapping } from './mapping.ts'
import type { Sent } from './normalise.ts'
import { patchResource, touchedBy } from './patch.ts'
import type { Step } from './patch-steps.ts'

const MAX_RESOURCE_LENGTH = 1024 * 1024
const MISSING: Refusal = { kind: 'missing' }

/** POST. `sent` has gone through the mapping already, since its keys say whose record it is. */
export function createEdit(sent: Sent, source: Source): Edit {
  return (current) => {
    if (current === undefined) return bound(withActive(sent.resource), sent)
    const isActive = current.user.resource.active !== false
    if (current.binding?.state === 'bound' && isActive) return alreadyThere(current, sent)
    if (current.binding === undefined)
      return bound(
        merged(current.resource, sent.resource, () => true),
        sent,
      )
    return bound(replaced(current, { ...sent, resource: withActive(sent.resource) }, source), sent)
  }
}

/** PUT: what is absent is cleared where a SCIM client wrote it, in the core and in extensions that the body names. */
export function putEdit(sent: Sent, source: Source, mapping: Mapping): Edit {
  return (current) => {
    if (current === undefined || current.binding?.state === 'deleted') return MISSING
    const resource = mapping.onto({ resource: sent.resource, externalId: sent.externalId ?? current.binding?.externalId })
    return bound(replaced(current, { ...sent, resource }, source), sent)
  }
}

export function patchEdit(steps: readonly Step[], mapping: Mapping): Edit {
  const touched = touchedBy(steps)
  const externalId = steps.findLast((step) => step.kind === 'externalId')?.externalId
  return (current) => {
    if (current === undefined || current.binding?.state === 'deleted') return MISSING
    const patched = patchResource(current.resource, steps)
    if (patched instanceof ScimProblem) return refusalOf(patched)
    const before = { resource: current.resource, externalId: current.binding?.externalId }
    const after = { resource: patched, externalId: externalId === undefined ? before.externalId : externalId }
    const resource = mapping.follow(before, after, touched)
    if (JSON.stringify(resource).length > MAX_RESOURCE_LENGTH)
      return refusalOf(new ScimProblem('invalidValue', 'the user would become too large'))
    return bound(resource, externalId === undefined ? {} : { externalId })
  }
}

/** DELETE: hidden from this client, inactive, still on the roll under the same id. */
export const deleteEdit: Edit = (current) => {
  if (current === undefined || current.binding?.state === 'deleted') return MISSING
  return { resource: { ...current.resource, active: false }, binding: { state: 'deleted' } }
}

function bound(resource: Resource, { externalId }: { readonly externalId?: string | null }): Draft {
  return { resource, binding: { state: 'bound', ...(externalId === undefined ? {} : { externalId }) } }
}

function withActive(resource: Resource): Resource {
  return resource.active === undefined ? { ...resource, active: true } : resource
}

function alreadyThere({ user }: Current, sent: Sent): Refusal {
  const keys = keysOf(sent.resource)
  const order: readonly Key[] = ['userName', ...MATCH_KEYS]
  const key = order.find((one) => keys[one] !== undefined && keys[one] === user.keys[one]) ?? 'userName'
  return { kind: 'conflict', code: 'exists', key, records: [user._id], message: `there is an active user with this ${key}` }
}

/** What was sent in place of what SCIM clients had written; `active` is nothing that absence says something about. */
function replaced(current: Current, sent: Sent, source: Source): Resource {
  const { provenance, claims } = current.user
  const isOfScim = (slot: Slot) => {
    const owner = ownerOf(provenance, slot)
    // What a group gave goes with the group, not with what is left out of a PUT.
    if (owner?.group !== undefined) return false
    if (owner !== undefined && channelOf(owner.source) === 'scim') return true
    return claims?.some((claim) => claim.source === source && claim.slot === slot) ?? false
  }
  return merged(current.resource, sent.resource, (slot) => {
    if (slot === 'active') return true
    const bracket = slot.indexOf('[')
    const name = bracket < 0 ? slot : slot.slice(0, bracket)
    const container = name.slice(0, Math.max(0, name.indexOf('.')))
    if (sent.cleared.has(name) || sent.cleared.has(container)) return false
    if (isExtension(container) && !sent.extensions.has(container)) return true
    return !isOfScim(slot)
  })
}

/** What was sent, and of what was there the slots that were not sent and are to be kept. */
function merged(there: Resource, sent: Resource, keeps: (slot: Slot) => boolean): Resource {
  const named = slotsOf(sent)
  let next = sent
  for (const [slot, value] of slotsOf(there)) if (!named.has(slot) && keeps(slot)) next = withSlot(next, slot, value)
  return next === sent ? sent : withOnePrimaryEach(next)
}

function withOnePrimaryEach(resource: Resource): Resource {
  const lists = Object.entries(resource).filter((entry): entry is [string, readonly Json[]] => isList(entry[1]))
  let next = resource
  for (const [name, list] of lists) {
    if (!list.some(isObject)) continue
    const single = withOnePrimary(list)
    if (single !== list) next = { ...next, [name]: single }
  }
  return next
}
