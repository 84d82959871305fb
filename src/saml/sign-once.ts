/**
 * Signatures on what anybody may ask for. A signature costs milliseconds, so one is made only for a document, or by a
 * signer, that is another than the one before.
 */
import type { Draft, Signer } from './sign.ts'
import { signedXml } from './sign.ts'

type Signed = { readonly draft: Draft; readonly certificate: string; readonly xml: string }

/** @param sign for tests @returns signs a document, of which each owner has one */
export function signingOnce(sign = signedXml): (owner: string, draft: Draft, signer: Signer) => string {
  const last = new Map<string, Signed>()
  return (owner, draft, signer) => {
    const known = last.get(owner)
    if (known?.certificate === signer.certificate && isSame(known.draft, draft)) return known.xml
    const xml = sign(draft, signer)
    last.set(owner, { draft, certificate: signer.certificate, xml })
    return xml
  }
}

function isSame(one: Draft, other: Draft): boolean {
  return one.id === other.id && one.head === other.head && one.tail === other.tail
}
