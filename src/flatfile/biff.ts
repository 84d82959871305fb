/**
 * The stream of records in an .xls workbook (BIFF, [MS-XLS]), as far as the library that reads it leaves something out.
 */
import { CFB } from '@e965/xlsx'

const BEGINNING = 0x0809
const END = 0x000a
const FORMULA = 0x0006
const FILE_PASS = 0x002f

/** As an error value that no spreadsheet program has. */
export const NEVER_CALCULATED = 0xff

/** @throws where the file is neither a workbook nor a container with one in it, or is cut */
export function bookIn(file: Buffer): Buffer {
  if (isBook(file)) {
    if (lastRecordIn(file) !== END) throw new Error('it ends in the middle')
    return file
  }
  const container = containerFrom(file)
  const stream: { readonly content?: Uint8Array } | null = CFB.find(container, '/Workbook') ?? CFB.find(container, '/Book')
  const book = Buffer.from(stream?.content ?? [])
  // The library takes what begins otherwise for text, or for another format.
  if (!isBook(book)) throw new Error('there is no workbook in it')
  return book
}

function containerFrom(file: Buffer): unknown {
  try {
    return CFB.read(file, { type: 'buffer' })
  } catch (cause) {
    throw new Error('it is cut or damaged', { cause })
  }
}

/** @returns the kind of the last record; undefined where that is not whole */
function lastRecordIn(book: Buffer): number | undefined {
  let kind: number | undefined
  let at = 0
  while (at + 4 <= book.length) {
    kind = book.readUInt16LE(at)
    at += 4 + book.readUInt16LE(at + 2)
  }
  // A line end may follow: it came from the script.
  return at > book.length ? undefined : kind
}

function isBook(stream: Buffer): boolean {
  return stream.length >= 4 && stream.readUInt16LE(0) === BEGINNING
}

/**
 * Programs that cannot calculate store 0 as the result of a formula, with a sign to readers that they should: this
 * becomes the error value `NEVER_CALCULATED`, since a 0 may say that somebody is no longer active.
 */
export function markUncalculated(book: Buffer): void {
  for (let at = 0; at + 4 <= book.length; at += 4 + book.readUInt16LE(at + 2)) {
    const kind = book.readUInt16LE(at)
    // Behind it the records are encrypted.
    if (kind === FILE_PASS) return
    if (kind === FORMULA && isUncalculated(book.subarray(at + 4, at + 4 + book.readUInt16LE(at + 2))))
      book.set([ERROR_RESULT, 0, NEVER_CALCULATED, 0, 0, 0, 0xff, 0xff], at + 4 + RESULT)
  }
}

/** Where the parts of a formula record stand: behind row, column and style its result, then its flags ([MS-XLS] 2.4.127). */
const RESULT = 6
const FLAGS = 14
const CALCULATE_ON_LOAD = 0x0002
const ERROR_RESULT = 2

function isUncalculated(record: Buffer): boolean {
  if (record.length < FLAGS + 2) return false
  return (record.readUInt16LE(FLAGS) & CALCULATE_ON_LOAD) !== 0 && record.readDoubleLE(RESULT) === 0
}
