/**
 * Strings as SSH writes them: their length, then their bytes (RFC 4251 section 5).
 */

export function stringOf(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Those that stand one behind the other; undefined when the bytes end too soon. */
export function stringsIn(data: Buffer): Buffer[] | undefined {
  const strings: Buffer[] = []
  for (let at = 0; at < data.length; ) {
    if (at + 4 > data.length) return undefined
    const end = at + 4 + data.readUInt32BE(at)
    if (end > data.length) return undefined
    strings.push(data.subarray(at + 4, end))
    at = end
  }
  return strings
}
