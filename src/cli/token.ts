/**
 * `matricula token`: what clients show to be let in.
 */
import type { Token } from '../auth/tokens.ts'
import { createToken, findToken, listTokens, looksLikeToken, revokeToken, SCOPES } from '../auth/tokens.ts'
import { dayOf, isoTime } from '../days.ts'
import type { Store } from '../store/store.ts'
import { actor } from './actor.ts'
import type { Command } from './command.ts'
import { DONE, Refusal, read } from './command.ts'
import { endIn, scopeIn, sourceIn } from './credential-options.ts'
import { knownInstitution } from './known-institution.ts'
import { withStore } from './open-store.ts'
import { showTable } from './table.ts'

const create: Command = {
  summary: 'make a token',
  help: `matricula token create ID --scope SCOPE [--source NAME] [--name NAME] [--expires TIME]

Makes a token for the institution ID and prints it, once: it cannot be shown again.

  --scope SCOPE   what it opens: ${SCOPES.join(', ')}
  --source NAME   which connection it belongs to, when there are several of a kind, for example entra;
                  a new token for the same source takes over what the old one did
  --name NAME     a note for the list
  --expires TIME  when it ends: after 12h, 30d or 52w, or on a day, for example 2027-06-30 (never)

Examples:
  matricula token create north --scope scim --source entra --expires 365d
  TOKEN=$(matricula token create north --scope api)`,
  async run(args, terminal) {
    const { options, words } = read(args, {
      options: { scope: 'text', source: 'text', name: 'text', expires: 'text' },
      words: ['ID'],
    })
    const [id] = words
    const now = Date.now()
    const scope = scopeIn(options.scope)
    const source = sourceIn(scope, options.source)
    const validUntil = options.expires === undefined ? undefined : endIn(options.expires, now)
    const { text, token } = await withStore(terminal, async (store) => {
      await knownInstitution(store, id)
      return createToken(store, {
        institution: id,
        scope,
        source,
        ...(options.name !== undefined && { name: options.name }),
        ...(validUntil !== undefined && { validUntil }),
        by: actor(),
        now,
      })
    })
    terminal.out(text)
    terminal.say(
      `Token ${token._id} for ${source}, ${validUntil === undefined ? 'without end' : `until ${dayOf(validUntil)}`}. It is shown this once.`,
    )
    return DONE
  },
}

const list: Command = {
  summary: 'the tokens of an institution',
  help: `matricula token list ID [--json]

One line for each token of the institution, without the token itself.

  --json  as a list of objects`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: { json: 'flag' }, words: ['ID'] })
    const [id] = words
    const tokens = await withStore(terminal, async (store) => {
      await knownInstitution(store, id)
      return listTokens(store, id)
    })
    if (options.json) terminal.out(JSON.stringify(tokens.map(shown), null, 2))
    else
      showTable(terminal, {
        headings: ['TOKEN', 'SCOPE', 'SOURCE', 'NAME', 'MADE', 'ENDS'],
        rows: tokens.map((token) => cells(token, Date.now())),
        none: `There are no tokens of ${id}: make one with matricula token create.`,
      })
    return DONE
  },
}

const revoke: Command = {
  summary: 'end a token',
  help: `matricula token revoke ID TOKEN

Ends a token of the institution ID. TOKEN is its id (see "matricula token list ID") or the token itself.
Running servers refuse it within five seconds.

Example:
  matricula token revoke north 01987c2e-6f1d-7a44-8b0e-3c9a5d2f7e10`,
  async run(args, terminal) {
    const { words } = read(args, { options: {}, words: ['ID', 'TOKEN'] })
    const [institution, token] = words
    const revoked = await withStore(terminal, async (store) => {
      await knownInstitution(store, institution)
      return revokeToken(store, { institution, id: await idOf(store, institution, token), by: actor(), now: Date.now() })
    })
    if (!revoked) throw new Refusal(`${institution} has no such token; see: matricula token list ${institution}`)
    terminal.say(`Token ${revoked._id} for ${revoked.source} has ended.`)
    return DONE
  },
}

export const token: Command = {
  summary: 'make, list and end tokens',
  help: `matricula token COMMAND …

A token lets one client of one institution in. To replace one without a gap, make another for the same --source, put it
into the client, and revoke the old one.`,
  commands: { create, list, revoke },
}

async function idOf(store: Store, institution: string, given: string): Promise<string> {
  if (!looksLikeToken(given)) return given
  return (await findToken(store, institution, given))?._id ?? given
}

function cells(token: Token, now: number): string[] {
  const { _id, scope, source, name = '', created, validUntil } = token
  const ends = validUntil === undefined ? 'never' : `${dayOf(validUntil)}${validUntil <= now ? ' (over)' : ''}`
  return [_id, scope, source, name, dayOf(created), ends]
}

function shown({ _id, scope, source, name, created, validUntil }: Token) {
  const dates = {
    created: isoTime(created),
    ...(validUntil !== undefined && { expires: isoTime(validUntil) }),
  }
  return { id: _id, scope, source, ...(name !== undefined && { name }), ...dates }
}
