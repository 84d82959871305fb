/**
 * Every hostile response there is here, by class.
 */
import { CLAIMS } from './hostile/claims.ts'
import { ENCRYPTION } from './hostile/encryption.ts'
import { SIGNATURES } from './hostile/signatures.ts'
import { ENCODINGS, FLOODS, XML } from './hostile/texts.ts'
import { WRAPPING } from './hostile/wrapping.ts'
import type { Hostile } from './lab.ts'

export const HOSTILE: { readonly [about: string]: readonly Hostile[] } = {
  'signature wrapping': WRAPPING,
  signatures: SIGNATURES,
  encodings: ENCODINGS,
  XML,
  floods: FLOODS,
  claims: CLAIMS,
  encryption: ENCRYPTION,
}
