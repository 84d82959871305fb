/**
 * Where hostile responses are made: what an attacker has at hand. Its own keys, everything that is public, and an honest
 * response of its own sign-in; never the identity provider's key, unless the point is what a signature does not cure.
 */
import type { KeyObject } from 'node:crypto'
import { generateKeyPairSync } from 'node:crypto'
import type { AssertionParts, ResponseParts, Scene, Signed } from './response.ts'
import { assertionXml, field, newId, responseXml, signedResponse } from './response.ts'
import type { Signing, TestIdp } from './signer.ts'
import { testIdp } from './signer.ts'

export type Lab = {
  readonly scene: Scene
  /** Another identity provider that the institution trusts as well. */
  readonly neighbour: TestIdp
  /** One that nobody here trusts. */
  readonly stranger: TestIdp
  /** The public key of the service provider. */
  readonly spKey: KeyObject
  /** Somebody else's. */
  readonly otherKey: KeyObject
}

export type Hostile = {
  readonly name: string
  /** @returns the field of the form */
  readonly make: (lab: Lab) => string
  /** Why it is refused; the wrong reason would hide a hole behind another one. */
  readonly code: string | readonly string[]
}

export const EVIL = 'root@evil.example'

export function openLab(scene: Scene, spKey: KeyObject): Lab {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    scene,
    spKey,
    otherKey: publicKey,
    neighbour: testIdp('https://neighbour.example/idp'),
    stranger: testIdp(scene.idp.entityId),
  }
}

/** Signed by the identity provider, whatever it says. */
export function signedBy(
  lab: Lab,
  assertion: AssertionParts = {},
  response: ResponseParts = {},
  what: Signed = 'assertion',
  signing: Partial<Signing> = {},
): string {
  const { scene } = lab
  return signedResponse(scene, responseXml(scene, { assertion: assertionXml(scene, assertion), ...response }), what, signing)
}

/** The honest response of the attacker's own sign-in. */
export function honest(lab: Lab, what: Signed = 'assertion'): string {
  return signedBy(lab, {}, {}, what)
}

/** An assertion about somebody else, which nobody signed. */
export function evilAssertion({ scene }: Lab, parts: AssertionParts = {}): string {
  return assertionXml(scene, { id: newId(), nameId: `<saml:NameID>${EVIL}</saml:NameID>`, ...parts })
}

/** Cuts an element out of a text: what is before it, it, and what is behind it. */
export function cut(xml: string, name: string): readonly [before: string, element: string, behind: string] {
  const from = xml.search(new RegExp(`<${name}[\\s>]`))
  const closing = `</${name}>`
  const to = xml.lastIndexOf(closing) + closing.length
  if (from < 0 || to <= from) throw new Error(`there is no ${name}`)
  return [xml.slice(0, from), xml.slice(from, to), xml.slice(to)]
}

/** Changes a text that must be there. */
export function edited(xml: string, from: string | RegExp, to: string): string {
  const changed = xml.replace(from, () => to)
  if (changed === xml) throw new Error(`there is no ${from} to change`)
  return changed
}

export { field }
