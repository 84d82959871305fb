/**
 * Secrets among the settings of an institution, sealed for it.
 */
import type { SealSecret } from '../directory/secret-settings.ts'
import type { Seal } from './seal.ts'
import { isSealed, SealError } from './seal.ts'

const PURPOSE = 'setting'

/**
 * Seals what an administrator gives. What is sealed already stays, so that settings that were shown can be given back.
 * @param load asked for only where there is a secret
 * @throws {SealError} when something was sealed elsewhere
 */
export function settingSealer(institution: string, load: () => Promise<Seal>): SealSecret {
  return async (secret, current) => {
    if (secret === current) return current
    const seal = await load()
    if (!isSealed(secret)) {
      return current !== undefined && opened(seal, institution, current) === secret
        ? current
        : seal.seal(PURPOSE, institution, secret)
    }
    openSetting(seal, institution, secret)
    return secret
  }
}

/** @throws {SealError} when it was sealed under another key, or for another institution */
export function openSetting(seal: Seal, institution: string, sealed: string): string {
  return seal.open(PURPOSE, institution, sealed)
}

/** Under a key that was lost nothing is the same. */
function opened(seal: Seal, institution: string, sealed: string): string | undefined {
  try {
    return openSetting(seal, institution, sealed)
  } catch (error) {
    if (error instanceof SealError) return
    throw error
  }
}
