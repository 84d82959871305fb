/**
 * "Did you mean …?": the known word nearest to one that is not known, for every message that refuses a name.
 */

/**
 * @param most how many letters may differ
 * @returns the candidate that a slip of the pen explains (case, one or two letters), or undefined
 */
export function nearMiss(
  word: string,
  candidates: Iterable<string>,
  most = Math.max(1, Math.ceil(word.length / 3)),
): string | undefined {
  const wanted = word.toLowerCase()
  let best: string | undefined
  let bestDistance = most + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) >= bestDistance) continue
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** ` (did you mean "X"?)`, or nothing when no candidate is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  return suggesting(nearMiss(word, candidates))
}

/** The same of a word that is known to be near. */
export function suggesting(near: string | undefined): string {
  return near === undefined ? '' : ` (did you mean "${near}"?)`
}

/** Optimal string alignment: insertions, deletions, replacements and swaps of neighbours cost one each. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(beforeLast, j - 2) + 1 : Infinity
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced, swapped))
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
