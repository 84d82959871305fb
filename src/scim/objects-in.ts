/**
 * Where named objects lie in the bytes of JSON, without parsing it.
 */

/**
 * @param json without spaces, as the store has a resource
 * @returns by name, in their order, where the name of an object begins, with its quote. Of the same name the last one.
 */
export function objectsIn(json: Uint8Array): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  // One character a byte. Within a string `":{` has a backslash before it, which is then part of the name.
  const text = Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString('latin1')
  for (let at = text.indexOf('{', 1); at >= 0; at = text.indexOf('{', at + 1)) {
    if (text[at - 1] !== ':' || text[at - 2] !== '"') continue
    const from = text.lastIndexOf('"', at - 3)
    found.set(text.slice(from + 1, at - 2), from)
  }
  return found
}
