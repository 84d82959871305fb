/**
 * What a file's name says of it: which source of the institution sends it, how it is meant, which columns it must have.
 */
import type { Institution } from '../directory/institution.ts'
import { fitsPattern } from '../directory/name-pattern.ts'
import { requiredFields } from '../directory/required-fields.ts'
import type { FileSourceSettings, Settings } from '../directory/settings.ts'
import type { Source } from '../directory/user.ts'
import { MATCH_KEYS } from '../directory/user.ts'
import type { HeaderRules } from './columns.ts'
import { reportedFile } from './file-name.ts'

export type FileSource = {
  /** `file:NAME` where the settings know the file by its name. */
  readonly source: Source
  readonly mode: NonNullable<FileSourceSettings['mode']>
  readonly constants: NonNullable<FileSourceSettings['constants']>
  /** In mode `roster`: from how many files in a row a person may be missing before the source lets the person go. */
  readonly deactivateAfter: number
}

/** One night may be lost, and the next one late. */
const DEACTIVATE_AFTER = 3

/**
 * @param fileName without its folder; the first pattern that fits decides, in any case. A report that is sent back under
 *   its own name is what it tells of
 * @param source of a file that no pattern fits
 */
export function fileSource({ settings }: Institution, fileName: string, source: Source = 'file'): FileSource {
  const found = sourceSettings(settings, fileName)
  const deactivateAfter = found?.deactivateAfter ?? DEACTIVATE_AFTER
  if (found === undefined) return { source, mode: 'upsert', constants: {}, deactivateAfter }
  return {
    source: sourceOf(found),
    mode: found.mode ?? 'upsert',
    constants: found.constants ?? {},
    deactivateAfter,
  }
}

/** The entry of `files.sources` that a file is of. */
export function sourceSettings({ files }: Settings, fileName: string): FileSourceSettings | undefined {
  const name = reportedFile(fileName) ?? fileName
  return files?.sources?.find(({ pattern }) => fitsPattern(name, pattern))
}

/** The sources of an institution whose files say who belongs here. */
export function rostersOf({ settings }: Institution): ReadonlySet<Source> {
  return new Set(settings.files?.sources?.filter(({ mode }) => mode === 'roster').map(sourceOf))
}

export function sourceOf({ name, pattern }: FileSourceSettings): Source {
  const called = name ?? nameFrom(pattern)
  return called === '' ? 'file' : `file:${called}`
}

/** A file that creates nobody needs a match key and what it changes. */
export function headerRules(institution: Institution, { mode, constants }: FileSource): HeaderRules {
  const { files, matchOrder, defaultAccountType } = institution.settings
  const given = new Set(Object.keys(constants))
  if (defaultAccountType !== undefined) given.add('account_type')
  const isUpdate = mode === 'update'
  return {
    ...(files?.columns !== undefined && { headings: files.columns }),
    required: isUpdate ? [] : requiredFields(institution.settings, 'file').filter((field) => !given.has(field)),
    oneOf: isUpdate ? (matchOrder ?? MATCH_KEYS) : [],
  }
}

/** `students` of `students-*.csv`. */
function nameFrom(pattern: string): string {
  return pattern
    .normalize('NFC')
    .toLowerCase()
    .replace(/\.(csv|txt|tsv|xlsx|xlsm|xls|\*)$/, '')
    .replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '')
}
