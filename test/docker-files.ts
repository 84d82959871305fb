/**
 * What the Dockerfile, the compose file and its example of an environment say.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

type Service = {
  readonly environment: Readonly<Record<string, string | null>>
  readonly command: readonly string[]
  readonly hostname: string
  readonly ports?: readonly string[]
  readonly volumes: readonly string[]
  readonly mem_limit: string
}

export const COMPOSE = textOf('docker/compose.yaml')
export const { matricula, mongo } = (
  parse(COMPOSE) as { readonly services: { readonly matricula: Service; readonly mongo: Service } }
).services

export function textOf(path: string): string {
  return readFileSync(`${ROOT}${path}`, 'utf8')
}

/** What follows the name of an instruction, once for each time it stands there; comments and line ends within are gone. */
export function instructions(name: string): readonly string[] {
  const text = textOf('docker/Dockerfile')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
  return [...text.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(([, rest = '']) => rest.trim())
}

/** Of an instruction that stands there once. */
export function instruction(name: string): string {
  const [rest, ...others] = instructions(name)
  if (rest === undefined || others.length > 0)
    throw new Error(`${name} stands ${others.length + 1} times in the Dockerfile, or never`)
  return rest
}

/** The words that the image starts with. */
export function startWords(): readonly string[] {
  return [...(JSON.parse(instruction('ENTRYPOINT')) as string[]), ...(JSON.parse(instruction('CMD')) as string[])]
}

/** The variables that the image sets. */
export function imageEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    instruction('ENV')
      .split(' ')
      .map((pair) => pair.split('=') as [string, string]),
  )
}

/** Those of the example, also where it only names one that may be left out. */
export function exampleVariables(): Readonly<Record<string, string>> {
  const lines = textOf('docker/.env.example').matchAll(/^(?:# )?([A-Z_]+)=(.*)$/gm)
  return Object.fromEntries(Array.from(lines, ([, name = '', value = '']) => [name, value]))
}
