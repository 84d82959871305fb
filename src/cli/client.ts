/**
 * `matricula client`: OAuth clients, which ask for short-lived tokens with a secret or with keys of their own.
 */
import type { Client } from '../auth/clients.ts'
import {
  createClient,
  getClient,
  listClients,
  liveSecrets,
  MOST_SECRETS,
  revokeClient,
  rotateClient,
  secretIn,
} from '../auth/clients.ts'
import { SCOPES } from '../auth/tokens.ts'
import { configFrom, publicUrlOf } from '../config.ts'
import { DAY_MS, dayOf, isoTime } from '../days.ts'
import { actor } from './actor.ts'
import type { Command } from './command.ts'
import { DONE, Misuse, Refusal, read } from './command.ts'
import { endIn, scopeIn, sourceIn } from './credential-options.ts'
import { knownInstitution } from './known-institution.ts'
import { withStore } from './open-store.ts'
import { publicKeysIn } from './public-keys.ts'
import { showTable } from './table.ts'

/** What identity providers take. */
const SHORTEST_MS = 365 * DAY_MS
const LONGEST_MS = 3 * 366 * DAY_MS
const DEFAULT_EXPIRES = '730d'

const EXPIRES_HELP =
  '  --expires TIME  when the secret ends, in 1 to 3 years: after 365d or 104w, or on a day, for example 2028-06-30 (730d)'

const create: Command = {
  summary: 'make a client',
  help: `matricula client create ID --scope SCOPE [--source NAME] [--name NAME] [--expires TIME | --keys F]

Makes an OAuth client for the institution ID and prints its id and its secret, once: the secret cannot be shown again.
With these the client gets a token for an hour at a time from the token endpoint that is named beside it
(client credentials, RFC 6749).

  --scope SCOPE   what it opens: ${SCOPES.join(', ')}
  --source NAME   which connection it belongs to, when there are several of a kind, for example entra
  --name NAME     a note for the list
${EXPIRES_HELP}
  --keys F        instead of a secret: its public keys, by which it signs its requests (private_key_jwt): a file with a
                  JWK Set or a PEM public key (- for standard input), or the https address of a JWK Set

Examples:
  matricula client create north --scope scim --source entra --expires 365d
  matricula client create north --scope api --keys https://sis.uni.edu/jwks.json`,
  async run(args, terminal) {
    const { options, words } = read(args, {
      options: { scope: 'text', source: 'text', name: 'text', expires: 'text', keys: 'text' },
      words: ['ID'],
    })
    const [id] = words
    const now = Date.now()
    const scope = scopeIn(options.scope)
    if (options.keys !== undefined && options.expires !== undefined) throw new Misuse('--expires is for a secret; keys have none')
    const proof =
      options.keys === undefined
        ? { secretUntil: secretEndIn(options.expires, now) }
        : { publicKeys: await publicKeysIn(options.keys) }
    const { client, secret } = await withStore(terminal, async (store) => {
      await knownInstitution(store, id)
      const name = options.name === undefined ? {} : { name: options.name }
      const source = sourceIn(scope, options.source)
      return createClient(store, { institution: id, scope, source, ...name, proof, by: actor(), now })
    })
    terminal.out(`CLIENT_ID=${client._id}`)
    if (secret !== undefined) terminal.out(`CLIENT_SECRET=${secret}`)
    terminal.say(`Token URL: ${publicUrlOf(configFrom(terminal.environment))}/institutions/${id}/oauth/token`)
    if (secret !== undefined) terminal.say(endOf(client, now))
    return DONE
  },
}

const list: Command = {
  summary: 'the clients of an institution',
  help: `matricula client list ID [--json]

One line for each client of the institution, and one for each further secret, without the secrets themselves.

  --json  as a list of objects`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: { json: 'flag' }, words: ['ID'] })
    const [id] = words
    const clients = await withStore(terminal, async (store) => {
      await knownInstitution(store, id)
      return listClients(store, id)
    })
    if (options.json) terminal.out(JSON.stringify(clients.map(shown), null, 2))
    else
      showTable(terminal, {
        headings: ['CLIENT', 'SCOPE', 'SOURCE', 'NAME', 'MADE', 'SECRET', 'ENDS'],
        rows: clients.flatMap((client) => lines(client, Date.now())),
        none: `There are no clients of ${id}: make one with matricula client create.`,
      })
    return DONE
  },
}

const rotate: Command = {
  summary: 'make a new secret beside the old',
  help: `matricula client rotate ID CLIENT [--expires TIME]

Gives the client one more secret and prints it, once. The others still hold, so that nothing stops meanwhile; end the old
one with "matricula client revoke ID CLIENT --secret SECRET" when the new one is in use. At most ${MOST_SECRETS} live at a time.

${EXPIRES_HELP}

Example:
  matricula client rotate north 01987c2e-6f1d-7a44-8b0e-3c9a5d2f7e10`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: { expires: 'text' }, words: ['ID', 'CLIENT'] })
    const [institution, id] = words
    const now = Date.now()
    const until = secretEndIn(options.expires, now)
    const rotated = await withStore(terminal, async (store) => {
      await knownInstitution(store, institution)
      return rotateClient(store, { institution, id, until, by: actor(), now })
    })
    if (rotated.kind === 'missing') throw noSuchClient(institution)
    if (rotated.kind === 'full')
      throw new Refusal(`the client has ${MOST_SECRETS} live secrets: end one first, see: matricula client list ${institution}`)
    terminal.out(`CLIENT_SECRET=${rotated.secret}`)
    terminal.say(endOf(rotated.client, now))
    return DONE
  },
}

const revoke: Command = {
  summary: 'end a client, or one of its secrets',
  help: `matricula client revoke ID CLIENT [--secret SECRET]

Ends a client of the institution ID, or one of its secrets, by their ids (see "matricula client list ID").
Running servers refuse its tokens within five seconds.

  --secret SECRET  the secret to end, by its id or as it is; without it the whole client ends

Example:
  matricula client revoke north 01987c2e-6f1d-7a44-8b0e-3c9a5d2f7e10`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: { secret: 'text' }, words: ['ID', 'CLIENT'] })
    const [institution, id] = words
    const now = Date.now()
    return await withStore(terminal, async (store) => {
      await knownInstitution(store, institution)
      const known = await getClient(store, institution, id)
      const secret = options.secret && (secretIn(known, options.secret, now)?.id ?? options.secret)
      const given = { institution, id, by: actor(), now }
      const revoked = await revokeClient(store, secret === undefined ? given : { ...given, secret })
      if (!revoked) throw noSuchClient(institution)
      const what = secret === undefined ? `Client ${id}` : `Secret ${secret} of client ${id}`
      terminal.say(`${what} for ${revoked.source} has ended.`)
      return DONE
    })
  },
}

export const client: Command = {
  summary: 'make, list, rotate and end OAuth clients',
  help: 'matricula client COMMAND …\n\nAn OAuth client asks for short-lived tokens of one institution, with a secret or with keys of its own.',
  commands: { create, list, rotate, revoke },
}

function secretEndIn(found: string | undefined, now: number): number {
  const end = endIn(found ?? DEFAULT_EXPIRES, now)
  if (end - now >= SHORTEST_MS && end - now <= LONGEST_MS) return end
  throw new Misuse(`--expires is "${found}"; it should be 1 to 3 years from now, which is what identity providers take`)
}

function noSuchClient(institution: string): Refusal {
  return new Refusal(`${institution} has no such client or secret; see: matricula client list ${institution}`)
}

function endOf({ source, secrets }: Client, now: number): string {
  const newest = secrets.at(-1)
  const older = secrets.filter(({ id, validUntil }) => id !== newest?.id && validUntil > now)
  const others = older.length === 0 ? '' : ` Still good: ${older.map(({ id }) => id).join(', ')}.`
  return `Secret ${newest?.id} for ${source}, until ${dayOf(newest?.validUntil ?? 0)}. It is shown this once.${others}`
}

function lines(client: Client, now: number): string[][] {
  const { _id, scope, source, name = '', created, publicKeys, secrets } = client
  const about = [_id, scope, source, name, dayOf(created)]
  if (publicKeys) return [[...about, 'jwksUrl' in publicKeys ? publicKeys.jwksUrl : 'keys of its own', '']]
  if (secrets.length === 0) return [[...about, 'none', '']]
  const live = new Set(liveSecrets(client, now))
  return secrets.map((secret, index) => {
    const ends = `${dayOf(secret.validUntil)}${live.has(secret) ? '' : ' (over)'}`
    return [...(index === 0 ? about : ['', '', '', '', '']), secret.id, ends]
  })
}

function shown({ _id, scope, source, name, created, secrets, publicKeys }: Client) {
  return {
    id: _id,
    scope,
    source,
    ...(name !== undefined && { name }),
    created: isoTime(created),
    secrets: secrets.map(({ id, validUntil }) => ({ id, expires: isoTime(validUntil) })),
    ...(publicKeys && { keys: publicKeys }),
  }
}
