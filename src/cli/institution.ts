/**
 * `matricula institution`: the tenants of this server and their settings.
 */
import { isoTime } from '../days.ts'
import type { Institution } from '../directory/institution.ts'
import { listInstitutions } from '../directory/institution.ts'
import { readJsonText } from '../directory/json-text.ts'
import type { Json } from '../directory/user.ts'
import { actor } from './actor.ts'
import type { Command } from './command.ts'
import { DONE, Misuse, Refusal, read } from './command.ts'
import { placeOf, textOf } from './content.ts'
import { knownInstitution, NONE_YET, unknownInstitution } from './known-institution.ts'
import { withStore } from './open-store.ts'
import type { metadataPatch as readMetadata } from './saml-metadata.ts'
import { problemsIn, settingsChanges } from './settings-changes.ts'
import { showTable } from './table.ts'

const SETTINGS_HELP = `  --settings F  JSON from the file F, or from standard input when F is -; merged into what is set:
                a setting that is null is taken away (RFC 7396)`

const create: Command = {
  summary: 'make an institution',
  help: `matricula institution create ID --name NAME [--settings F]

Makes an institution. ID is part of its URLs: small letters, digits and hyphens.

  --name NAME   how people call it
${SETTINGS_HELP}

Examples:
  matricula institution create north --name "North Campus"
  echo '{"matchOrder": ["netid", "email"]}' | matricula institution create north --name North --settings -`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: { name: 'text', settings: 'text' }, words: ['ID'] })
    const [id] = words
    if (options.name === undefined) throw new Misuse('--name is missing')
    const settings = options.settings === undefined ? {} : await settingsFrom(options.settings)
    const given = { id, name: options.name, settings, by: actor(), now: Date.now() }
    const { createInstitution, rules } = await settingsChanges(id, terminal)
    const made = await withStore(terminal, (store) => createInstitution(store, { ...given, ...rules }))
    if (made.kind === 'invalid') throw new Refusal(problemsIn(made.problems))
    if (made.kind === 'exists') throw new Refusal(`there is an institution ${id} already`)
    terminal.say(`Institution ${id} is made. Next: matricula token create ${id} --scope scim`)
    return DONE
  },
}

const list: Command = {
  summary: 'all institutions',
  help: `matricula institution list [--json]

One line for each institution, by id.

  --json  as a list of objects with their settings`,
  async run(args, terminal) {
    const { options } = read(args, { options: { json: 'flag' }, words: [] })
    const all = await withStore(terminal, listInstitutions)
    if (options.json) terminal.out(JSON.stringify(all.map(shown), null, 2))
    else
      showTable(terminal, {
        headings: ['ID', 'NAME', 'MADE'],
        rows: all.map(({ _id, name, created }) => [_id, name, isoTime(created)]),
        none: `There is no institution in this store: ${NONE_YET}.`,
      })
    return DONE
  },
}

const show: Command = {
  summary: 'one institution with its settings',
  help: `matricula institution show ID

The institution as JSON: id, name, settings, and when it was made and last changed.

Example:
  matricula institution show north`,
  async run(args, terminal) {
    const { words } = read(args, { options: {}, words: ['ID'] })
    const [id] = words
    terminal.out(JSON.stringify(shown(await withStore(terminal, (store) => knownInstitution(store, id))), null, 2))
    return DONE
  },
}

const set: Command = {
  summary: 'change settings',
  help: `matricula institution set ID [--name NAME] [--settings F] [--saml-metadata FILE|URL]

Changes an institution. A running server takes it up within five seconds.

  --name NAME   how people call it
${SETTINGS_HELP}
  --saml-metadata FILE|URL
                the metadata of an identity provider through which people sign in: its addresses and certificates.
                What an address says is looked up again each day, and when a key is new.
                One that is known already is changed, any other one is added.
  --saml-metadata-certificate F
                with which the metadata must be signed, for example that of the federation

Examples:
  matricula institution set north --settings settings.json
  matricula institution set north --saml-metadata https://idp.north.edu/idp/shibboleth
  echo '{"scim": {"sees": "all"}, "keyHoldDays": null}' | matricula institution set north --settings -`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: SET_OPTIONS, words: ['ID'] })
    const [id] = words
    const { name, settings: file, 'saml-metadata': from, 'saml-metadata-certificate': signedBy } = options
    if (name === undefined && file === undefined && from === undefined)
      throw new Misuse('--settings is missing: what should change?')
    if (signedBy !== undefined && from === undefined) throw new Misuse('--saml-metadata is missing: what should be signed?')
    const settings = file === undefined ? {} : await settingsFrom(file)
    const patches = [settings, ...(from === undefined ? [] : [await metadataPatch({ from, signedBy }, terminal)])]
    const { changeInstitution, rules } = await settingsChanges(id, terminal)
    return await withStore(terminal, async (store) => {
      const slots: string[] = []
      for (const patch of patches) {
        const about = { id, settings: patch, ...(name !== undefined && { name }) }
        const changed = await changeInstitution(store, { ...about, ...rules, by: actor(), now: Date.now() })
        if (changed.kind === 'missing') throw await unknownInstitution(store, id)
        if (changed.kind === 'invalid') throw new Refusal(problemsIn(changed.problems))
        if (changed.kind === 'changed') slots.push(...changed.differences.map(({ slot }) => slot))
      }
      terminal.say(slots.length === 0 ? 'Nothing changed: all is set so already.' : `Changed: ${slots.join(', ')}`)
      return DONE
    })
  },
}

const SET_OPTIONS = { name: 'text', settings: 'text', 'saml-metadata': 'text', 'saml-metadata-certificate': 'text' } as const

export const institution: Command = {
  summary: 'make, list, show and change institutions',
  help: `matricula institution COMMAND …

An institution is a tenant: people, tokens and settings belong to exactly one. None is deleted, so that its id never stands
for another; docs/settings.md says how one is emptied.`,
  commands: { create, list, show, set },
}

function shown({ _id, name, settings, created, lastModified }: Institution) {
  return { id: _id, name, settings, created: isoTime(created), lastModified: isoTime(lastModified) }
}

/** Loaded when it is needed. */
async function metadataPatch(...given: Parameters<typeof readMetadata>): ReturnType<typeof readMetadata> {
  return (await import('./saml-metadata.ts')).metadataPatch(...given)
}

async function settingsFrom(file: string): Promise<Json> {
  if (file.startsWith('{')) throw new Misuse('--settings is JSON itself; it should be a file of it, or - for standard input')
  const settings = readJsonText(await textOf(file))
  if (settings.kind === 'bad') throw new Refusal(`${placeOf(file)} ${settings.message}`)
  return settings.value as Json
}
