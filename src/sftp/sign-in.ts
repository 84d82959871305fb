/**
 * Who may sign in to the drop box: a user name, a public key and the address from which it is used, against the settings
 * of the institution that has the name. What is known is at most five seconds old; an unknown name is asked for each time.
 */
import ssh2 from 'ssh2'
import { freshCache } from '../directory/fresh-cache.ts'
import type { Institution } from '../directory/institution.ts'
import { institutionOfSftpUser } from '../directory/institution.ts'
import { addressList } from '../limits/address-list.ts'
import type { Store } from '../store/store.ts'
import { fingerprintOf, judgeKey } from './authorized-key.ts'

/** For the administrator; the client is told of none. */
export type RefusalReason =
  | 'unknown_user'
  | 'unknown_key'
  | 'address_not_listed'
  /** An old client, which signs with RSA and SHA-1. */
  | 'sha1_signature'
  | 'wrong_signature'
  /** A password was offered, or something else. */
  | 'no_public_key'
  | 'too_many_connections'

export type Offer = {
  readonly username: string
  /** As a socket shows it. */
  readonly address: string
  readonly key: { readonly algo: string; readonly data: Buffer }
  /** `sha256` or `sha512`: with which hash an RSA key signs. */
  readonly hash?: string | undefined
  /** Absent while a client only asks whether a key would do. */
  readonly signed?: { readonly blob: Buffer; readonly signature: Buffer }
}

export type SignIn =
  | { readonly kind: 'ok'; readonly institution: Institution; readonly fingerprint: string }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly institution?: Institution; readonly fingerprint: string }

export type Access = {
  signIn(offer: Offer): Promise<SignIn>
  /** Whether somebody who has signed in still may; @returns the institution as it is set now */
  stillMay(username: string, fingerprint: string, address: string): Promise<Institution | undefined>
}

type Rules = {
  /** By fingerprint. */
  readonly lines: ReadonlyMap<string, string>
  readonly mayComeFrom: (address: string) => boolean
}

/** @param now milliseconds on a clock that never goes back */
export function openAccess(store: Store, now: () => number): Access {
  const institutions = freshCache<Institution>({ load: (username) => institutionOfSftpUser(store, username), now })
  /** For as long as an institution is remembered as it is. */
  const rules = new WeakMap<Institution, Rules>()

  function rulesOf(institution: Institution): Rules {
    const known = rules.get(institution) ?? rulesFrom(institution)
    rules.set(institution, known)
    return known
  }

  return {
    async signIn({ username, address, key, hash, signed }) {
      const fingerprint = fingerprintOf(key.data)
      const institution = await institutions.get(username.toLowerCase())
      const refused = (reason: RefusalReason): SignIn => ({
        kind: 'refused',
        reason,
        fingerprint,
        ...(institution !== undefined && { institution }),
      })
      if (institution === undefined) return refused('unknown_user')
      const { lines, mayComeFrom } = rulesOf(institution)
      const line = lines.get(fingerprint)
      if (line === undefined) return refused('unknown_key')
      if (!mayComeFrom(address)) return refused('address_not_listed')
      if (key.algo === 'ssh-rsa' && hash === undefined) return refused('sha1_signature')
      if (signed !== undefined && !isSignedBy(line, hash, signed)) return refused('wrong_signature')
      return { kind: 'ok', institution, fingerprint }
    },
    async stillMay(username, fingerprint, address) {
      const institution = await institutions.get(username.toLowerCase())
      if (institution === undefined) return
      const { lines, mayComeFrom } = rulesOf(institution)
      return lines.has(fingerprint) && mayComeFrom(address) ? institution : undefined
    },
  }
}

function rulesFrom({ settings }: Institution): Rules {
  const { keys = [], addresses = [] } = settings.sftp ?? {}
  const lines = keys.flatMap((text) => {
    const judged = judgeKey(text)
    return judged.kind === 'ok' ? [[judged.key.fingerprint, judged.key.line] as const] : []
  })
  return { lines: new Map(lines), mayComeFrom: addresses.length === 0 ? () => true : addressList(addresses) }
}

function isSignedBy(line: string, hash: string | undefined, { blob, signature }: NonNullable<Offer['signed']>): boolean {
  const key = ssh2.utils.parseKey(line)
  if (key instanceof Error) throw key
  // Without its hash an RSA signature would be taken for one with SHA-1. What cannot be verified at all comes as an error.
  const verified: unknown = key.verify(blob, signature, hash)
  return verified === true
}
