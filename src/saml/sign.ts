/**
 * Enveloped XML signatures on what this service sends: requests and its own metadata.
 */
import type { KeyObject } from 'node:crypto'
import { hash, sign } from 'node:crypto'
import { ENVELOPED, EXCLUSIVE, RSA_SHA256, SHA256 } from './algorithms.ts'
import { canonical } from './canonical.ts'
import { NS } from './names.ts'
import { parseXml } from './xml.ts'

export type Signer = {
  /** RSA. */
  readonly privateKey: KeyObject
  /** Bare base64. */
  readonly certificate: string
}

export type Draft = {
  /** Value of the ID of the root. */
  readonly id: string
  /** The document up to where its signature belongs, and from there on. */
  readonly head: string
  readonly tail: string
}

export function signedXml({ id, head, tail }: Draft, { privateKey, certificate }: Signer): string {
  const digest = hash('sha256', canonical(parseXml(head + tail)), 'base64')
  // Written as it is canonicalized.
  const info =
    `<ds:SignedInfo xmlns:ds="${NS.ds}"><ds:CanonicalizationMethod Algorithm="${EXCLUSIVE}"></ds:CanonicalizationMethod>` +
    `<ds:SignatureMethod Algorithm="${RSA_SHA256}"></ds:SignatureMethod><ds:Reference URI="#${id}"><ds:Transforms>` +
    `<ds:Transform Algorithm="${ENVELOPED}"></ds:Transform><ds:Transform Algorithm="${EXCLUSIVE}"></ds:Transform></ds:Transforms>` +
    `<ds:DigestMethod Algorithm="${SHA256}"></ds:DigestMethod><ds:DigestValue>${digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>`
  const value = sign('sha256', Buffer.from(info), privateKey).toString('base64')
  const keyInfo = `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
  const signature = `<ds:Signature xmlns:ds="${NS.ds}">${info}<ds:SignatureValue>${value}</ds:SignatureValue>${keyInfo}</ds:Signature>`
  return head + signature + tail
}
