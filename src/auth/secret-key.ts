/**
 * The key under which secrets at rest are sealed: SECRET_KEY, else one that is made once and kept beside the data.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode, unlessMissing } from '../file-errors.ts'
import { SealError } from './seal.ts'

const MIN_CHARACTERS = 16

/**
 * The key of the environment, else that of `secret.key` in the data folder, which is made when it is not there: 256
 * random bits in base64, readable by its owner alone. Of several processes that start at once all get the same one.
 * @throws {SealError} when the file holds no key, or can be neither read nor made
 */
export async function secretKeyFrom(config: { readonly secretKey?: string; readonly dataDir: string }): Promise<string> {
  if (config.secretKey !== undefined) return config.secretKey
  const file = join(config.dataDir, 'secret.key')
  return (await keyIn(file)) ?? (await makeKeyIn(config.dataDir, file))
}

async function keyIn(file: string): Promise<string | undefined> {
  const key = (await readFile(file, 'utf8').catch(unlessMissing))?.trim()
  if (key === undefined || key.length >= MIN_CHARACTERS) return key
  const right = 'put the key back from a backup; where there never was one, delete the file and a new one is made'
  throw new SealError(`${file} should hold the key that seals secrets, and has ${key.length} characters: ${right}`)
}

/** Written aside and then named, so that nobody ever reads half a key, and the first name given stays. */
async function makeKeyIn(folder: string, file: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, `${randomBytes(32).toString('base64')}\n`, { flag: 'wx', mode: 0o600, flush: true })
  try {
    await link(draft, file)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await unlink(draft)
  }
  const key = await keyIn(file)
  if (key === undefined) throw new Error(`${file} was taken away while it was made`)
  return key
}
