/**
 * The key pairs by which an institution's own server lets us in: Ed25519, and RSA for servers that do not know it. They
 * are made at first need; the private halves are kept sealed, the public ones are for the institution.
 */
import ssh2 from 'ssh2'
import type { Seal } from '../auth/seal.ts'
import { newId } from '../directory/ids.ts'
import type { Doc, Store } from '../store/store.ts'
import { newEd25519Key } from './new-key.ts'

export type PickUpKeys = {
  /** Lines of authorized_keys. */
  readonly publicKeys: readonly string[]
  /** In the format of OpenSSH; to be offered in this order. */
  readonly privateKeys: readonly string[]
}

type KeyDoc = Doc & { readonly pairs: readonly { readonly publicKey: string; readonly privateKey: string }[] }

const PURPOSE = 'pick-up key'
const ID = 'pick-up'
const RSA_BITS = 3072

/** @throws {SealError} when they were sealed under another SECRET_KEY: `replacePickUpKeys` makes others */
export async function pickUpKeys(store: Store, seal: Seal, institution: string): Promise<PickUpKeys> {
  const known = (await store.get('pickUpKeys', institution, ID)) as KeyDoc | undefined
  if (known) return opened(known, seal)
  const doc = await newKeys(seal, institution)
  const [result] = await store.write([{ collection: 'pickUpKeys', op: 'insert', doc }])
  // Where somebody else was faster, theirs are the keys.
  return result?.kind === 'ok' ? opened(doc, seal) : pickUpKeys(store, seal, institution)
}

/** The institution's server must be given the new ones before it lets us in again. */
export async function replacePickUpKeys(store: Store, seal: Seal, institution: string): Promise<PickUpKeys> {
  await store.write([{ collection: 'pickUpKeys', op: 'delete', institution, id: ID }])
  return pickUpKeys(store, seal, institution)
}

async function newKeys(seal: Seal, institution: string): Promise<KeyDoc> {
  const comment = `matricula-${institution}`
  const made = [newEd25519Key(comment), await newRsaKey(comment)]
  const pairs = made.map((pair) => ({ publicKey: pair.public, privateKey: seal.seal(PURPOSE, institution, pair.private) }))
  return { _id: ID, institution, version: newId(Date.now()), pairs }
}

/** Takes a second or so, which nobody else should wait for. */
function newRsaKey(comment: string): Promise<ssh2.utils.KeyPairReturn> {
  return new Promise((resolve, reject) => {
    ssh2.utils.generateKeyPair('rsa', { bits: RSA_BITS, comment }, (error, pair) => (error ? reject(error) : resolve(pair)))
  })
}

function opened({ pairs, institution }: KeyDoc, seal: Seal): PickUpKeys {
  return {
    publicKeys: pairs.map(({ publicKey }) => publicKey),
    privateKeys: pairs.map(({ privateKey }) => seal.open(PURPOSE, institution, privateKey)),
  }
}
