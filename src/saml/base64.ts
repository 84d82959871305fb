/**
 * Base64 (RFC 4648 section 4) with lines as MIME breaks them, and nothing else that decoders let pass.
 */

/** @returns undefined when it has other letters, wrong padding, or bits behind its end */
export function base64In(text: string): Buffer | undefined {
  const packed = text.replace(/[ \t\r\n]+/g, '')
  const bytes = Buffer.from(packed, 'base64')
  return bytes.toString('base64') === packed ? bytes : undefined
}
