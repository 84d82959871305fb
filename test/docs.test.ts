/**
 * What the documentation names is there: its links lead somewhere, its commands have these options, its settings are taken.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Command } from '../src/cli/command.ts'
import { MATRICULA } from '../src/cli/commands.ts'
import { checkSettings } from '../src/directory/check-settings.ts'
import { blocksIn } from './printed-commands.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const PAGES = ['.', 'docs', 'conformance'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(ROOT, folder, name)),
)

for (const page of PAGES) {
  const text = readFileSync(page, 'utf8')
  describe(relative(ROOT, page), () => {
    it('links to what is there', () => {
      for (const [, link = ''] of withoutBlocks(text).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? page : join(dirname(page), path)
        assert.ok(existsSync(target), link)
        if (anchor !== undefined) assert.ok(anchorsOf(readFileSync(target, 'utf8')).has(anchor), link)
      }
    })

    it('names commands as they are', () => {
      for (const [, before, line = ''] of text.matchAll(/(npx |`|\b)matricula ([a-z][^`\n|;&#]*)/g)) {
        const command = commandIn(line.trim().split(/\s+/))
        // Without a mark of code before it this may be a sentence.
        assert.ok(command !== undefined || before === '', `matricula ${line}`)
        if (command === undefined) continue
        for (const [option] of line.matchAll(/(?<=\s)--[a-z][a-z-]*/g))
          assert.ok(command.help.includes(option), `matricula ${line}`)
      }
    })
  })
}

describe('settings in the documentation', () => {
  for (const page of ['settings', 'files', 'entra-and-okta']) {
    it(`are accepted: docs/${page}.md`, () => {
      const blocks = blocksIn(readFileSync(join(ROOT, 'docs', `${page}.md`), 'utf8'))
      for (const { text } of blocks
        .flatMap((block) => [block, block.expected ?? block])
        .filter(({ language }) => language === 'json'))
        assert.equal(checkSettings(JSON.parse(text.replace('whsec_…', `whsec_${'A'.repeat(43)}=`))).kind, 'ok', text)
    })
  }
})

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, '')
}

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): Set<string> {
  const headings = withoutBlocks(markdown).matchAll(/^#+ (.*)$/gm)
  return new Set(
    Array.from(headings, ([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

function commandIn(words: readonly string[], command: Command = MATRICULA): Command | undefined {
  if ('run' in command || words.length === 0) return command
  const [word = '', ...rest] = words
  return Object.hasOwn(command.commands, word) ? commandIn(rest, command.commands[word]) : undefined
}
