/**
 * Options that whatever lets a client in has in common: what it opens, as whose changes its changes count, when it ends.
 */
import type { Scope } from '../auth/tokens.ts'
import { CHANNEL_OF, SCOPES } from '../auth/tokens.ts'
import { DAY_MS } from '../days.ts'
import { didYouMean } from '../directory/near-miss.ts'
import type { Source } from '../directory/user.ts'
import { Misuse } from './command.ts'

/** @throws {Misuse} when it is missing or unknown */
export function scopeIn(found: string | undefined): Scope {
  if (found === undefined) throw new Misuse(`--scope is missing: one of ${SCOPES.join(', ')}`)
  const scope = SCOPES.find((one) => one === found)
  if (scope === undefined)
    throw new Misuse(`--scope is "${found}"; it should be one of ${SCOPES.join(', ')}${didYouMean(found, SCOPES)}`)
  return scope
}

/** `entra` becomes `scim:entra`; a name with its channel before it is taken as it is. */
export function sourceIn(scope: Scope, name: string | undefined): Source {
  const channel = CHANNEL_OF[scope]
  if (name === undefined || name === channel) return channel
  const plain = name.startsWith(`${channel}:`) ? name.slice(channel.length + 1) : name
  if (/^[A-Za-z0-9][\w.-]{0,63}$/.test(plain)) return `${channel}:${plain}`
  throw new Misuse(`--source is "${name}"; it should be a name of letters, digits, hyphens and dots, for example entra`)
}

const UNIT_MS = { h: DAY_MS / 24, d: DAY_MS, w: 7 * DAY_MS } as const

/** Epoch milliseconds; a day ends where its date does, in UTC. */
export function endIn(found: string, now: number): number {
  const [, count, unit] = /^(\d{1,5})([hdw])$/.exec(found) ?? []
  if (count !== undefined && Number(count) > 0) return now + Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]
  const end = /^\d{4}-\d\d-\d\d$/.test(found) ? Date.parse(found) + DAY_MS : Number.NaN
  if (end > now) return end
  const right = 'a time from now, for example 12h, 365d or 52w, or a day to come, for example 2027-06-30'
  throw new Misuse(`--expires is "${found}"; it should be ${right}`)
}
