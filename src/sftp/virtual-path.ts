/**
 * The jail: what a client may name. Its tree has three folders and files in them, and nothing else; a path becomes one of
 * these places or none. No text that a client sends is ever joined to a path of this machine but one checked name.
 */

export const FOLDERS = ['upload', 'reports', 'archive'] as const
export type FolderName = (typeof FOLDERS)[number]

export type Place =
  | { readonly kind: 'root' }
  | { readonly kind: 'folder'; readonly folder: FolderName }
  | { readonly kind: 'file'; readonly folder: FolderName; readonly name: string }
  /** There is nothing at this path, and nothing can be. */
  | { readonly kind: 'nowhere' }

const MOST_LETTERS = 4096

/**
 * @param path as SFTP has it: parted by `/` alone, relative to the root. A file in the root is one in `/upload`, since
 *   people forget the folder.
 */
export function placeOf(path: string): Place {
  if (path.length > MOST_LETTERS) return { kind: 'nowhere' }
  const place = placeBySteps(path)
  // What ends so is meant to be a folder: one that was misspelt is no file in the root.
  return place.kind === 'file' && /\/\.?$/.test(path) ? { kind: 'nowhere' } : place
}

function placeBySteps(path: string): Place {
  const [first, second, ...more] = stepsOf(path)
  if (first === undefined) return { kind: 'root' }
  const folder = FOLDERS.find((name) => name === first)
  if (folder === undefined) return second === undefined ? { kind: 'file', folder: 'upload', name: first } : { kind: 'nowhere' }
  if (second === undefined) return { kind: 'folder', folder }
  return more.length === 0 ? { kind: 'file', folder, name: second } : { kind: 'nowhere' }
}

/** The path without `.`, `..` and empty steps: what REALPATH answers, whether there is something or not. */
export function plainPath(path: string): string {
  return `/${stepsOf(path.slice(0, MOST_LETTERS)).join('/')}`
}

/** Above the root there is the root. */
function stepsOf(path: string): string[] {
  const steps: string[] = []
  for (const step of path.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '' && step !== '.') steps.push(step)
  }
  return steps
}
