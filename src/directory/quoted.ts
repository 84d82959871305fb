/**
 * What was sent, as a message repeats it.
 */

const MOST_QUOTED = 60

/** In quotes, cut where it is long. */
export function quoted(text: string): string {
  const characters = [...text.slice(0, 2 * MOST_QUOTED)]
  return characters.length > MOST_QUOTED ? `"${characters.slice(0, MOST_QUOTED).join('')}…"` : `"${text}"`
}
