/**
 * The directory of an OLE2 container (MS-CFB): which streams it has. Enough to tell an old workbook from a
 * password-protected new one and from a text document, without handing the file to anybody.
 */
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { notSound } from './refusal.ts'

export const OLE2_MAGIC = Buffer.from('d0cf11e0a1b11ae1', 'hex')

const HEADER_BYTES = 512
const ENTRY_BYTES = 128
const END_OF_CHAIN = 0xfffffffe
const FREE = 0xffffffff
/** 2 MB of directory at 512 bytes a sector: no document comes near. */
const MOST_SECTORS = 4096

/** @throws {FileRefused} when the directory cannot be followed */
export async function streamNames(path: string): Promise<string[]> {
  await using file = await open(path)
  const header = await readAt(file, 0, HEADER_BYTES)
  const shift = header.readUInt16LE(30)
  if (shift !== 9 && shift !== 12) throw notSound(`its sectors have an impossible size (2^${shift})`)
  const container = { file, sectorBytes: 1 << shift, fatSectors: fatSectorsIn(header) }
  const names: string[] = []
  let sector = header.readUInt32LE(48)
  for (let read = 0; sector < END_OF_CHAIN; read++) {
    if (read === MOST_SECTORS) throw notSound('its directory has no end')
    names.push(...namesIn(await readSector(container, sector)))
    sector = await nextSector(container, sector)
  }
  return names
}

type Container = { readonly file: FileHandle; readonly sectorBytes: number; readonly fatSectors: readonly number[] }

/** The first 109 sectors of the allocation table, which cover 6.8 MB or more; where the directory begins, in practice. */
function fatSectorsIn(header: Buffer): number[] {
  return Array.from({ length: 109 }, (_, i) => header.readUInt32LE(76 + 4 * i)).filter((sector) => sector !== FREE)
}

async function nextSector(container: Container, sector: number): Promise<number> {
  const perSector = container.sectorBytes / 4
  const fatSector = container.fatSectors[Math.floor(sector / perSector)]
  // Past the part of the table that the header lists: what was read so far must do.
  if (fatSector === undefined) return END_OF_CHAIN
  return (await readSector(container, fatSector)).readUInt32LE(4 * (sector % perSector))
}

function namesIn(sector: Buffer): string[] {
  const names: string[] = []
  for (let start = 0; start + ENTRY_BYTES <= sector.length; start += ENTRY_BYTES) {
    const nameBytes = sector.readUInt16LE(start + 64)
    if (nameBytes >= 2 && nameBytes <= 64) names.push(sector.toString('utf16le', start, start + nameBytes - 2))
  }
  return names
}

function readSector({ file, sectorBytes }: Container, sector: number): Promise<Buffer> {
  return readAt(file, (sector + 1) * sectorBytes, sectorBytes)
}

async function readAt(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, position)
  if (bytesRead < bytes) throw notSound('it ends in the middle')
  return buffer
}
