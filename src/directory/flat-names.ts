/**
 * Names as they are sent -> names of fields: in any of the ways that a field is called.
 */
import type { Problem } from './change.ts'
import { FIELDS, fieldNamed } from './fields.ts'
import type { Control } from './flat-schema.ts'
import { CONTROLS } from './flat-schema.ts'
import { nearMiss, suggesting } from './near-miss.ts'
import { quoted } from './quoted.ts'

/** Names resolved to fields, each once; what is unknown or said twice is told. */
export function namedFields(
  sent: { readonly [name: string]: unknown },
  problems: Problem[],
): { readonly [name: string]: unknown } {
  const flat: { [name: string]: unknown } = {}
  for (const name of Object.keys(sent)) {
    const known = isControl(name) ? name : fieldNamed(name)?.name
    if (known === undefined) {
      if (problems.length < MOST_UNKNOWN) problems.push(unknownField(name))
    } else if (Object.hasOwn(flat, known)) {
      problems.push({ field: known, code: 'field_twice', message: `${name} says ${known} a second time: send it once` })
    } else flat[known] = sent[name]
  }
  return flat
}

/** Of an object full of strange names, so many are told. */
const MOST_UNKNOWN = 50

const NAMES: readonly string[] = [...Object.keys(CONTROLS), ...FIELDS.flatMap(({ name, aliases }) => [name, ...aliases])]

function isControl(name: string): name is Control {
  return Object.hasOwn(CONTROLS, name)
}

function unknownField(name: string): Problem {
  const near = name.length > 64 ? undefined : nearMiss(name, NAMES)
  const suggestion = suggesting(near === undefined || isControl(near) ? near : fieldNamed(near)?.name)
  return { field: name.slice(0, 64), code: 'field_unknown', message: `there is no field ${quoted(name)}${suggestion}` }
}
