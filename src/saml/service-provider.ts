/**
 * An institution's service provider as identity providers see it: its names, its keys, what it asks of them.
 */
import type { Seal } from '../auth/seal.ts'
import type { Institution } from '../directory/institution.ts'
import type { IdpSettings } from '../directory/settings.ts'
import type { Store } from '../store/store.ts'
import type { AuthnRequest } from './authn-request.ts'
import { authnRequest } from './authn-request.ts'
import { signingOnce } from './sign-once.ts'
import { openSpKeys } from './sp-keys.ts'
import { spMetadata } from './sp-metadata.ts'
import type { VerifyContext } from './verify.ts'

export type ServiceProvider = {
  /** What a response must be for. */
  context(institution: Institution): Promise<VerifyContext['sp']>
  /** Its metadata, signed. */
  metadata(institution: Institution): Promise<Response>
  /** A question to this identity provider, signed where it wants that. */
  request(institution: Institution, idp: IdpSettings): Promise<AuthnRequest>
}

const METADATA_TYPE = 'application/samlmetadata+xml'

export type ServiceProviderOptions = {
  readonly store: Store
  readonly seal: Seal
  /** Without a slash at its end. */
  readonly publicUrl: string
}

export function openServiceProvider({ store, seal, publicUrl }: ServiceProviderOptions): ServiceProvider {
  const keys = openSpKeys(store, seal, { now: Date.now, monotonic: () => performance.now() })
  const signed = signingOnce()
  const namesOf = ({ _id }: Institution) => {
    const base = `${publicUrl}/institutions/${_id}/saml`
    return { entityId: `${base}/metadata`, acsUrl: `${base}/acs` }
  }
  return {
    async context(institution) {
      // Nobody can have encrypted for a key that was not made yet.
      const known = await keys.known(institution._id)
      return { ...namesOf(institution), decryptionKeys: known?.decryptionKeys ?? [] }
    },
    async metadata(institution) {
      const own = await keys.get(institution._id)
      const draft = spMetadata({ institution, ...namesOf(institution), keys: own })
      return new Response(signed(institution._id, draft, own.signer), { headers: { 'content-type': METADATA_TYPE } })
    },
    async request(institution, idp) {
      const about = { idp, ...namesOf(institution), now: Date.now() }
      return authnRequest(idp.signRequests ? { ...about, signer: (await keys.get(institution._id)).signer } : about)
    },
  }
}
