/**
 * Whether a client is who it says: by a secret, by an assertion that it signed itself (`private_key_jwt`), or by one of an
 * issuer that the institution trusts, as Entra's federated identity has it.
 */
import type { Institution } from '../directory/institution.ts'
import type { Store } from '../store/store.ts'
import type { Proven } from './access-tokens.ts'
import type { Client } from './clients.ts'
import { getClient, looksLikeClient, secretIn } from './clients.ts'
import type { KeySets } from './key-sets.ts'
import { useAssertion } from './replay.ts'
import type { Proof } from './token-request.ts'
import { issuersWith, rightsOf, trustIn, verifyTrusted } from './trusted-issuers.ts'
import { ALGORITHMS, issuerIn, looksLikeJwt, verifyJwt } from './verify-jwt.ts'

export type ProveOptions = {
  readonly store: Store
  readonly keySets: KeySets
  readonly institution: Institution
  /** Any of these may be the audience of an assertion that a client signs itself. */
  readonly audiences: readonly string[]
  /** Epoch milliseconds. */
  readonly now: number
}

/** @param why for the log alone: the caller is told nothing */
export type ProofVerdict = { readonly kind: 'ok'; readonly proven: Proven } | { readonly kind: 'refused'; readonly why: string }

/** An assertion is made for one request, not to be kept. */
const LONGEST_ASSERTION_MS = 3_600_000

export async function proveClient(proof: Proof, options: ProveOptions): Promise<ProofVerdict> {
  if (proof.kind === 'secret') return bySecret(proof.client, proof.secret, options)
  const { assertion, client } = proof
  const issuer = looksLikeJwt(assertion) ? issuerIn(assertion) : undefined
  if (issuer === undefined) return refused('the assertion is no JWT that says who made it')
  return looksLikeClient(issuer) ? byOwnKey(assertion, issuer, client, options) : byIssuer(assertion, issuer, client, options)
}

async function bySecret(id: string, text: string, { store, institution, now }: ProveOptions): Promise<ProofVerdict> {
  const client = await getClient(store, institution._id, id)
  const secret = secretIn(client, text, now)
  if (!client) return refused('there is no such client')
  return secret ? proven(client, secret.id) : refused(`the secret is none of client ${id}, or is over`)
}

/** RFC 7523 section 3, and once (its section 5). */
async function byOwnKey(
  assertion: string,
  id: string,
  named: string | undefined,
  { store, keySets, institution, audiences, now }: ProveOptions,
): Promise<ProofVerdict> {
  const client = await getClient(store, institution._id, id)
  if (!client?.publicKeys) return refused('there is no such client with keys')
  const verified = await verifyJwt(assertion, {
    issuer: id,
    audience: audiences,
    algorithms: ALGORITHMS,
    keys: keySets(client.publicKeys),
    requiredClaims: ['jti'],
    claims: { sub: id },
    now,
  })
  if (verified.kind === 'refused') return refused(`the assertion of client ${id}: ${verified.why}`)
  const { exp, jti } = verified.claims
  if (named !== undefined && named !== id) return refused(`the form names another client than the assertion of ${id}`)
  if (exp * 1000 > now + LONGEST_ASSERTION_MS) return refused(`the assertion of client ${id} is good for longer than an hour`)
  const isFirst = await useAssertion(store, { institution: institution._id, issuer: id, id: String(jti), until: exp * 1000 })
  return isFirst ? proven(client) : refused(`the assertion of client ${id} was used before`)
}

/** Such an assertion may come again until it is over: whoever made it, not whoever sends it, says how long that is. */
async function byIssuer(
  assertion: string,
  issuer: string,
  named: string | undefined,
  { keySets, institution, now }: ProveOptions,
): Promise<ProofVerdict> {
  const issuers = issuersWith(institution, issuer).filter(({ name }) => named === undefined || named === name)
  const trusted = await verifyTrusted(assertion, issuers, { keySets, now })
  if ('why' in trusted) return refused(trusted.why)
  const { name } = trusted.issuer
  return { kind: 'ok', proven: { id: name, scope: rightsOf(trusted.issuer).scope, trust: trustIn(trusted.issuer) } }
}

function proven({ _id: id, scope }: Client, secret?: string): ProofVerdict {
  return { kind: 'ok', proven: { id, scope, ...(secret !== undefined && { secret }) } }
}

function refused(why: string): ProofVerdict {
  return { kind: 'refused', why }
}
