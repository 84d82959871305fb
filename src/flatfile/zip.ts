/**
 * The parts of a zip archive, inflated piece by piece under limits and checked as they go: size, ratio, checksum.
 * A bomb is refused by what its directory says or, where that lies, at the first byte too many.
 */
import { crc32, createInflateRaw } from 'node:zlib'
import type { Entry, ZipFile } from 'yauzl'
import { openPromise } from 'yauzl'
import { isSystemError } from '../file-errors.ts'
import type { FileLimits } from './limits.ts'
import { overLimit } from './limits.ts'
import { FileRefused, notSound } from './refusal.ts'

export const ZIP_MAGIC = Buffer.from('PK')

export type Zip = AsyncDisposable & {
  /** As the archive spells them. */
  readonly names: readonly string[]
  has(name: string): boolean
  /** @throws {FileRefused} where the part is absent, past a limit, cut or damaged; the latter at its end */
  read(name: string): AsyncGenerator<Buffer>
}

const STORED = 0
const DEFLATED = 8
const INFLATE_CHUNK_BYTES = 64 * 1024
/** A part below this may be packed as tightly as it likes. */
const FREE_BYTES = 10 * 1024 * 1024

/** @throws {FileRefused} when the directory is not whole or goes past a limit */
export async function openZip(path: string, limits: FileLimits): Promise<Zip> {
  const file = await asSound(openPromise(path, { autoClose: false, lazyEntries: true, validateEntrySizes: false }))
  try {
    const entries = await readDirectory(file, limits)
    return {
      names: Array.from(entries.values(), (entry) => entry.fileName),
      has: (name) => entries.has(name.toLowerCase()),
      read: (name) => readEntry(file, entries.get(name.toLowerCase()) ?? missing(name), limits),
      [Symbol.asyncDispose]: async () => file.close(),
    }
  } catch (error) {
    file.close()
    throw error
  }
}

async function readDirectory(file: ZipFile, limits: FileLimits): Promise<Map<string, Entry>> {
  if (file.entryCount > limits.zipEntries) throw overLimit('zipEntries', limits)
  const entries = new Map<string, Entry>()
  let inflated = 0
  const each = file.eachEntry()
  for (;;) {
    const { value: entry, done } = await asSound(each.next())
    if (done === true) return entries
    inflated += entry.uncompressedSize
    if (inflated > limits.inflatedBytes) throw overLimit('inflatedBytes', limits)
    entries.set(entry.fileName.toLowerCase(), entry)
  }
}

async function* readEntry(file: ZipFile, entry: Entry, limits: FileLimits): AsyncGenerator<Buffer> {
  refuseUnreadable(entry, limits)
  const { compressionMethod: method, uncompressedSize, fileName } = entry
  const packed = await asSound(file.openReadStreamPromise(entry, { decodeFileData: false }))
  const inflater = method === STORED ? undefined : createInflateRaw({ chunkSize: INFLATE_CHUNK_BYTES })
  const inflated = inflater === undefined ? packed : packed.pipe(inflater)
  packed.on('error', (error) => inflated.destroy(error))
  let bytes = 0
  let checksum = 0
  try {
    for await (const chunk of inflated as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > uncompressedSize) throw notSound(`${fileName} is larger than its directory says`)
      if (inflater !== undefined) refuseBomb(bytes, inflater.bytesWritten, limits)
      checksum = crc32(chunk, checksum)
      yield chunk
    }
  } catch (error) {
    throw soundnessOf(error)
  } finally {
    packed.destroy()
    inflated.destroy()
  }
  if (bytes !== uncompressedSize || checksum !== entry.crc32) throw notSound(`${fileName} is damaged (checksum)`)
}

function refuseUnreadable(entry: Entry, limits: FileLimits): void {
  const { compressionMethod: method, uncompressedSize, compressedSize, fileName } = entry
  if (entry.isEncrypted()) throw new FileRefused('file_encrypted', 'the file is protected by a password; save it without one')
  if (method !== STORED && method !== DEFLATED) throw notSound(`${fileName} is packed by a method that is not read (${method})`)
  if (method === STORED && compressedSize !== uncompressedSize) throw notSound(`${fileName} has two sizes`)
  refuseBomb(uncompressedSize, compressedSize, limits)
}

function refuseBomb(inflated: number, packed: number, limits: FileLimits): void {
  if (inflated > FREE_BYTES && inflated > limits.inflationRatio * packed) throw overLimit('inflationRatio', limits)
}

function missing(name: string): never {
  throw notSound(`its part ${name} is missing`)
}

async function asSound<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw soundnessOf(error)
  }
}

/** What zlib and the zip reader complain of is the file's fault; what the disk complains of is not. */
function soundnessOf(error: unknown): unknown {
  if (error instanceof FileRefused || isSystemError(error)) return error
  return notSound(`its archive is cut or damaged (${error instanceof Error ? error.message : String(error)})`, error)
}
