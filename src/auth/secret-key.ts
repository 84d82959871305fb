/**
 * The key under which secrets at rest are sealed: SECRET_KEY, else one that is made once and kept beside the data.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unlessMissing, unreadable } from '../file-errors.ts'
import { makeForGood } from '../lasting.ts'
import { SealError } from './seal.ts'

const MIN_CHARACTERS = 16

const RIGHT =
  'put the key back from a backup, as a file of the account that the server runs as; where there never was one, delete it and a new one is made'

/**
 * The key of the environment, else that of `secret.key` in the data folder, which is made when it is not there: 256
 * random bits in base64, readable by its owner alone. Of several processes that start at once all get the same one.
 * @throws {SealError} when the file holds no key, or can be neither read nor made
 */
export async function secretKeyFrom(config: { readonly secretKey?: string; readonly dataDir: string }): Promise<string> {
  if (config.secretKey !== undefined) return config.secretKey
  const file = keyFileIn(config.dataDir)
  return (await keyIn(file)) ?? (await makeKeyIn(config.dataDir, file))
}

export function keyFileIn(dataDir: string): string {
  return join(dataDir, 'secret.key')
}

async function keyIn(file: string): Promise<string | undefined> {
  const key = (await readKey(file))?.trim()
  if (key === undefined || key.length >= MIN_CHARACTERS) return key
  throw new SealError(`${file} should hold the key that seals secrets, and has ${key.length} characters: ${RIGHT}`)
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8').catch(unlessMissing)
  } catch (error) {
    throw new SealError(`${unreadable(file, error)}: ${RIGHT}`, { cause: error })
  }
}

async function makeKeyIn(folder: string, file: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await makeForGood(file, `${randomBytes(32).toString('base64')}\n`)
  const key = await keyIn(file)
  if (key === undefined) throw new Error(`${file} was taken away while it was made`)
  return key
}
