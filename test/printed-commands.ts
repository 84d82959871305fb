/**
 * The examples of a page of the documentation: its fenced blocks, what is printed as their output, and a shell in which
 * `npx matricula` is the program of this checkout.
 */
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export type Block = {
  readonly language: string
  readonly note: string
  readonly text: string
  readonly expected?: Block
  readonly heading: string
}

/** Fenced blocks, each with the block of its output where one follows. */
export function blocksIn(markdown: string): Block[] {
  const blocks: Block[] = []
  for (const section of markdown.split(/^## /m)) {
    const [heading = ''] = section.split('\n')
    for (const [, language = '', note = '', text = ''] of section.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)) {
      const block = { language, note, text, heading }
      const last = blocks.at(-1)
      if ((language === 'json' || language === 'text') && last !== undefined)
        blocks[blocks.length - 1] = { ...last, expected: block }
      else blocks.push(block)
    }
  }
  return blocks
}

/** What goes before a command for `bash -ec`, so that it is called in this folder with these variables. */
export function preludeOf(folder: string, environment: Readonly<Record<string, string>>): string {
  const npx = `npx() { shift; "${process.execPath}" "${MAIN}" "$@"; }`
  const variables = Object.entries(environment).map(([name, value]) => `export ${name}='${value}'`)
  return [...variables, npx, `cd "${folder}"`, ''].join('\n')
}
