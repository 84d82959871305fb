/**
 * X.509 certificates as administrators paste them: PEM, or the bare base64 of a metadata file. They carry keys; whether
 * they are to be trusted is said by where they stand, so that their own dates are only warned of.
 */
import type { KeyObject } from 'node:crypto'
import { X509Certificate } from 'node:crypto'
import type { Problem } from '../directory/change.ts'
import type { SettingsCheck } from '../directory/check-settings.ts'
import type { IdpSettings } from '../directory/settings.ts'

const PEM = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g

/** @returns undefined when the text is not one certificate */
export function certificateIn(text: string): X509Certificate | undefined {
  const [pem, ...more] = text.matchAll(PEM)
  if (more.length > 0) return
  const base64 = (pem?.[1] ?? text).replace(/\s+/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'))
  } catch {
    return
  }
}

/** Of an RSA modulus and of a curve; a shorter key is within reach of who wants to sign in as anybody (NIST SP 800-131A). */
const LEAST_BITS = { rsa: 2048, ec: 256 } as const

/** The kinds of keys whose signatures count, as messages call them. */
export const USABLE_KEYS = `RSA with ${LEAST_BITS.rsa} bits or more, or EC with ${LEAST_BITS.ec} or more`

/** @returns undefined when the text is not one certificate, or its key is none whose signatures count */
export function signingKeyIn(text: string): KeyObject | undefined {
  const certificate = certificateIn(text)
  return certificate === undefined || faultOf(certificate.publicKey) !== undefined ? undefined : certificate.publicKey
}

/** What the key is, where its signatures do not count. */
function faultOf({ asymmetricKeyType: type, asymmetricKeyDetails: { modulusLength = 0, namedCurve } = {} }: KeyObject) {
  if (type === 'rsa') return modulusLength < LEAST_BITS.rsa ? `an RSA key of ${modulusLength} bits` : undefined
  if (type !== 'ec') return `a key of the type ${type}`
  // Curves are called by their bits: prime256v1, secp384r1, brainpoolP512r1.
  const bits = Number(/\d{3}/.exec(namedCurve ?? '')?.[0] ?? 0)
  return bits < LEAST_BITS.ec ? `a key on the curve ${namedCurve ?? 'of its own making'}` : undefined
}

/** Certificates among the settings that cannot be used, and addresses that lead nowhere. */
export const certificateProblems: SettingsCheck = ({ saml = {} }) => [
  ...(saml.idp === undefined ? [] : idpProblems(saml.idp, 'saml.idp')),
  ...(saml.idps ?? []).flatMap((idp, index) => idpProblems(idp, `saml.idps[${index}]`)),
]

function idpProblems({ ssoUrl, certificates, metadata }: IdpSettings, at: string): Problem[] {
  const own = certificates.flatMap((text, index) => certificateProblem(text, `${at}.certificates[${index}]`))
  const federation = (metadata?.certificates ?? []).flatMap((text, index) =>
    certificateProblem(text, `${at}.metadata.certificates[${index}]`),
  )
  const isUrl = URL.canParse(ssoUrl)
  return [...(isUrl ? [] : [problem(`${at}.ssoUrl`, `is "${ssoUrl}"; it should be an https URL`)]), ...own, ...federation]
}

function certificateProblem(text: string, field: string): Problem[] {
  const certificate = certificateIn(text)
  if (certificate === undefined) {
    const found = text.split('-----BEGIN').length > 2 ? 'holds several certificates' : 'is no certificate that can be read'
    return [problem(field, `${found}; it should be one, PEM or bare base64`)]
  }
  const fault = faultOf(certificate.publicKey)
  return fault === undefined ? [] : [problem(field, `has ${fault}; it should be ${USABLE_KEYS}`)]
}

function problem(field: string, message: string): Problem {
  return { field, code: 'value', message: `${field} ${message}` }
}
