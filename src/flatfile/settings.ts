/**
 * What the schema cannot judge in the settings of flat files: what would never have an effect.
 */
import type { Problem } from '../directory/change.ts'
import { coversPattern } from '../directory/name-pattern.ts'
import type { FileSettings, Settings } from '../directory/settings.ts'
import { foldHeading } from './columns.ts'

export function fileProblems({ files = {} }: Settings): Problem[] {
  return [...headingsIn(files), ...patternsIn(files)]
}

/** Two headings that are one to the reader, with two meanings; a heading that no column can have. */
function headingsIn({ columns = {} }: FileSettings): Problem[] {
  const known = new Map<string, readonly [heading: string, field: string]>()
  return Object.entries(columns).flatMap(([heading, field]) => {
    const folded = foldHeading(heading)
    if (folded === '')
      return [problem('files.columns', `files.columns has "${heading}", which has no letter and no digit; take it out`)]
    const [other, meant] = known.get(folded) ?? []
    known.set(folded, [heading, field])
    if (meant === undefined || meant === field) return []
    const says = `"${other}" as ${meant} and "${heading}" as ${field}, which are one heading: letters and digits count alone, in any case`
    return [problem('files.columns', `files.columns has ${says}; take one of them out`)]
  })
}

/** The first pattern that fits decides, so that a narrower one behind it is for nothing. */
function patternsIn({ sources = [] }: FileSettings): Problem[] {
  return sources.flatMap(({ pattern }, index) => {
    const wider = sources.findIndex((source, before) => before < index && coversPattern(source.pattern, pattern))
    if (wider < 0) return []
    const place = `files.sources[${index}].pattern`
    const message = `${place} "${pattern}" never comes to anything: all such names fit files.sources[${wider}] "${sources[wider]?.pattern}" first; put the narrower one in front`
    return [problem(place, message)]
  })
}

function problem(field: string, message: string): Problem {
  return { field, code: 'value', message }
}
