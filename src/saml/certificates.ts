/**
 * X.509 certificates as administrators paste them: PEM, or the bare base64 of a metadata file.
 */
import { X509Certificate } from 'node:crypto'

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
