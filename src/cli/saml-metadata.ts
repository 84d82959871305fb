/**
 * The settings of an identity provider, from its metadata: for `matricula institution set --saml-metadata`.
 */
import { configFrom, isLocalOnly, publicUrlOf } from '../config.ts'
import type { Settings } from '../directory/settings.ts'
import type { Json } from '../directory/user.ts'
import { OutboundError } from '../limits/outbound.ts'
import { MetadataRefused, readIdpMetadata } from '../saml/metadata-in.ts'
import { patchWith } from '../saml/metadata-settings.ts'
import { fetchIdpMetadata } from '../saml/metadata-source.ts'
import type { Terminal } from './command.ts'
import { Misuse, Refusal } from './command.ts'
import { contentOf, textOf } from './content.ts'

/**
 * @param given `from` is a file or a URL, `signedBy` the file of a certificate
 * @throws {Refusal} when the metadata cannot be had or used
 */
export async function metadataPatch(
  given: { readonly from: string; readonly signedBy: string | undefined },
  { environment, say }: Terminal,
): Promise<(settings: Settings) => Json> {
  const { from } = given
  const isUrl = /^https?:\/\//i.test(from)
  if (!isUrl && from.includes('://')) throw new Misuse(`--saml-metadata is "${from}"; it should be a file or an https address`)
  const certificates = given.signedBy === undefined ? undefined : [await contentOf(given.signedBy)]
  const options = { signedBy: certificates, now: Date.now(), isLocal: isLocalOnly(publicUrlOf(configFrom(environment))) }
  try {
    const found = isUrl ? await fetchIdpMetadata(from, options) : readIdpMetadata(await textOf(from), options)
    const count = found.certificates.length
    say(`${found.entityId}, with ${count} ${count === 1 ? 'certificate' : 'certificates'} to sign with`)
    return patchWith(found, isUrl ? { url: from, ...(certificates && { certificates }) } : undefined)
  } catch (error) {
    if (error instanceof MetadataRefused) throw new Refusal(`${from} cannot be used: ${error.message}`, { cause: error })
    if (error instanceof OutboundError) throw new Refusal(error.message, { cause: error })
    throw error
  }
}
