/**
 * Institutions made and their settings changed, each change with its event.
 */
import type { Doc, Store } from '../store/store.ts'
import { HOUSE } from '../store/store.ts'
import type { Problem } from './change.ts'
import type { SettingsCheck } from './check-settings.ts'
import { checkSettings, mergeSettings, settingsByPath } from './check-settings.ts'
import type { Difference } from './difference.ts'
import { newId, newVersion } from './ids.ts'
import type { Institution } from './institution.ts'
import { getInstitution, INSTITUTION_ID } from './institution.ts'
import { sameJson } from './json.ts'
import type { SealSecret } from './secret-settings.ts'
import { sealSecrets } from './secret-settings.ts'
import type { Settings } from './settings.ts'
import { sftpUserOf } from './settings.ts'
import type { Json, Source } from './user.ts'

/** Who does something to an institution itself. */
export type Actor = { readonly source: Source; readonly credential?: string }

type Invalid = { readonly kind: 'invalid'; readonly problems: readonly Problem[] }

export type Made = { readonly kind: 'created'; readonly institution: Institution } | { readonly kind: 'exists' } | Invalid

export type Changed =
  | { readonly kind: 'changed'; readonly institution: Institution; readonly differences: readonly Difference[] }
  | { readonly kind: 'unchanged'; readonly institution: Institution }
  | { readonly kind: 'missing' }
  | Invalid

type Given<Patch> = {
  readonly id: string
  readonly settings?: Patch
  /** Of the channels, for settings that are theirs. */
  readonly checks?: readonly SettingsCheck[]
  /** Without it no new secret is taken. */
  readonly sealSecret?: SealSecret
  readonly by: Actor
  readonly now: number
}

export async function createInstitution(store: Store, given: Given<Json> & { readonly name: string }): Promise<Made> {
  const { id, by, now } = given
  const name = given.name.trim()
  const checked = checkSettings(mergeSettings({}, given.settings ?? {}), given.checks)
  const problems = [...idProblems(id), ...nameProblems(name), ...(checked.kind === 'ok' ? [] : checked.problems)]
  if (checked.kind !== 'ok' || problems.length > 0) return { kind: 'invalid', problems }
  const settings = await sealSecrets(checked.settings, {}, given.sealSecret ?? takeNoSecret)
  const version = newId(now)
  const institution: Institution = {
    _id: id,
    institution: HOUSE,
    version,
    ...keysOf(id, settings),
    name,
    settings,
    created: now,
    lastModified: now,
  }
  const event = eventOf('institution.created', institution, by, differencesOf({}, settings))
  const [result] = await store.write([{ collection: 'institutions', op: 'insert', doc: institution, events: [event] }])
  if (result?.kind === 'duplicate' && result.key === 'sftpUser') return { kind: 'invalid', problems: [userTaken(institution)] }
  return result?.kind === 'ok' ? { kind: 'created', institution } : { kind: 'exists' }
}

/**
 * Merges `settings` (RFC 7396) into what is set; tries again when another administrator was faster, and makes them again
 * from what is set then, where they are made from that.
 */
export async function changeInstitution(
  store: Store,
  given: Given<Json | ((current: Settings) => Json)> & { readonly name?: string },
): Promise<Changed> {
  for (;;) {
    const current = await getInstitution(store, given.id)
    if (!current) return { kind: 'missing' }
    const name = given.name?.trim() ?? current.name
    const patch = typeof given.settings === 'function' ? given.settings(current.settings) : (given.settings ?? {})
    const checked = checkSettings(mergeSettings(current.settings as Json, patch), given.checks)
    const problems = [...nameProblems(name), ...(checked.kind === 'ok' ? [] : checked.problems)]
    if (checked.kind !== 'ok' || problems.length > 0) return { kind: 'invalid', problems }
    const settings = await sealSecrets(checked.settings, current.settings, given.sealSecret ?? takeNoSecret)
    const differences = [...nameDifference(current.name, name), ...differencesOf(current.settings, settings)]
    if (differences.length === 0) return { kind: 'unchanged', institution: current }
    const { keys: _, ...rest } = current
    const institution: Institution = {
      ...rest,
      ...keysOf(current._id, settings),
      version: newVersion(given.now, current.version),
      name,
      settings,
      lastModified: given.now,
    }
    const event = eventOf('settings.changed', institution, given.by, differences)
    const [result] = await store.write([
      { collection: 'institutions', op: 'replace', doc: institution, expected: current.version, events: [event] },
    ])
    if (result?.kind === 'ok') return { kind: 'changed', institution, differences }
    if (result?.kind === 'duplicate') return { kind: 'invalid', problems: [userTaken(institution)] }
  }
}

function takeNoSecret(secret: string, current: string | undefined): string {
  if (secret === current) return current
  throw new Error('a secret is among the settings, and nothing was given to seal it with')
}

function keysOf(id: string, settings: Settings): Pick<Institution, 'keys'> {
  const sftpUser = sftpUserOf(id, settings)
  return sftpUser === undefined ? {} : { keys: { sftpUser } }
}

function userTaken({ _id, settings }: Institution): Problem {
  const found = `sftp.username is "${settings.sftp?.username ?? _id}", which another institution has`
  return { field: 'sftp.username', code: 'value', message: `${found}; it should be a name of its own, for example ${_id}-files` }
}

function idProblems(id: string): Problem[] {
  if (INSTITUTION_ID.test(id)) return []
  const right = 'small letters, digits and hyphens, at most 63, a letter or digit first, for example north-campus'
  return [{ field: 'id', code: 'value', message: `the id is "${id}"; it should be ${right}` }]
}

function nameProblems(name: string): Problem[] {
  // Pages, mails and metadata carry it, and XML cannot hold what nobody sees.
  if (/[\p{Cc}\p{Cs}]/u.test(name))
    return [{ field: 'name', code: 'value', message: 'the name has a line break or a control character' }]
  if (name !== '' && name.length <= 256) return []
  return [{ field: 'name', code: 'value', message: `the name has ${name.length} characters; it should have 1 to 256` }]
}

function nameDifference(before: string, after: string): Difference[] {
  return before === after ? [] : [{ slot: 'name', old: before, new: after }]
}

function differencesOf(before: Settings, after: Settings): Difference[] {
  const [old, next] = [settingsByPath(before), settingsByPath(after)]
  return [...new Set([...old.keys(), ...next.keys()])]
    .filter((path) => !sameJson(old.get(path), next.get(path)))
    .map((path) => differenceOf(path, old.get(path), next.get(path)))
}

function differenceOf(path: string, old: Json | undefined, next: Json | undefined): Difference {
  return { slot: `settings.${path}`, ...(old !== undefined && { old }), ...(next !== undefined && { new: next }) }
}

function eventOf(kind: string, institution: Institution, by: Actor, differences: readonly Difference[]): Doc {
  const { _id, version, lastModified } = institution
  return { _id: version, institution: _id, version, subject: _id, kind, at: lastModified, ...by, differences }
}
