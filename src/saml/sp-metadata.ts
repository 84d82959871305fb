/**
 * What identity providers must know of an institution's service provider (SAML Metadata 2.4.4, MDUI 2.1, signed).
 */
import type { Institution } from '../directory/institution.ts'
import { hash } from 'node:crypto'
import { AUTHENTICATED_ENCRYPTIONS, RSA_OAEP } from './algorithms.ts'
import { escapedText, escapedValue } from './canonical.ts'
import { BINDING_POST, NS } from './names.ts'
import { signedXml } from './sign.ts'
import type { SpKeys } from './sp-keys.ts'

export type SpMetadataOptions = {
  readonly institution: Institution
  /** Also the address of this document. */
  readonly entityId: string
  readonly acsUrl: string
  readonly keys: SpKeys
  readonly signsRequests: boolean
  readonly attributes: readonly RequestedAttribute[]
}

export type RequestedAttribute = { readonly name: string; readonly friendlyName: string; readonly isRequired: boolean }

export function spMetadata(options: SpMetadataOptions): string {
  const { entityId, keys } = options
  const inside = descriptor(options) + contact(options)
  const id = `_${hash('sha256', inside, 'hex')}`
  const names = `xmlns:md="${NS.md}" xmlns:mdui="${NS.mdui}" xmlns:ds="${NS.ds}"`
  const head = `<md:EntityDescriptor ${names} ID="${id}" entityID="${escapedValue(entityId)}">`
  return signedXml({ id, head, tail: `${inside}</md:EntityDescriptor>` }, keys.signer)
}
