/**
 * Countries by any of their ISO 3166-1 names or codes, or their usual English name: told as alpha-2 codes.
 */
import codes from 'i18n-iso-countries/codes.json' with { type: 'json' }
import english from 'i18n-iso-countries/langs/en.json' with { type: 'json' }
import { nearMiss } from './near-miss.ts'
import { normalized } from './normal-form.ts'

const usualName = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' })

/** Short names of the standard that the list lacks, but for the order of their words. */
const LACKING: { readonly [code: string]: string } = {
  BO: 'Bolivia (Plurinational State of)',
  CV: 'Cabo Verde',
  GB: 'United Kingdom of Great Britain and Northern Ireland',
  KP: "Korea (the Democratic People's Republic of)",
  SH: 'Saint Helena, Ascension and Tristan da Cunha',
  VA: 'Holy See',
  VE: 'Venezuela (Bolivarian Republic of)',
}

const SMALL_WORDS = new Set(['the', 'of', 'and'])

const NAMES: ReadonlyMap<string, readonly string[]> = namesByCode()

/** Folded name or code -> alpha-2. What would be two countries ("Congo") is none. */
const COUNTRIES: ReadonlyMap<string, string> = countriesByName()

/** The same by names and codes as they are usually written, of which folding would come to nothing else. */
const SPELLED: ReadonlyMap<string, string> = new Map(
  [...NAMES].flat(2).flatMap((name) => {
    const code = COUNTRIES.get(fold(name))
    return code === undefined ? [] : [[name, code] as const]
  }),
)

/** @returns the alpha-2 code for an alpha-2, alpha-3 or numeric code or an English name, in any case; else undefined */
export function countryNamed(text: string): string | undefined {
  return SPELLED.get(text) ?? COUNTRIES.get(fold(text)) ?? COUNTRIES.get(inOrder(text))
}

/** The name nearest to one that is no country's, as the standard or usage spells it. */
export function nearestCountry(text: string): string | undefined {
  return nearMiss(
    text,
    [...NAMES.values()].flat().filter((name) => countryNamed(name) !== undefined),
  )
}

function namesByCode(): Map<string, readonly string[]> {
  const standard: { readonly [code: string]: string | readonly string[] } = english.countries
  return new Map(
    codes.map(([code = '']) => {
      const usual = usualName.of(code)
      return [code, [standard[code] ?? [], usual ?? [], LACKING[code] ?? []].flat()]
    }),
  )
}

function countriesByName(): Map<string, string> {
  const countries = new Map<string, string>()
  const ambiguous = new Set<string>()
  for (const [code = '', alpha3 = '', numeric = ''] of codes) {
    const names = NAMES.get(code) ?? []
    for (const name of new Set([...[code, alpha3, numeric, ...names].map(fold), ...names.map(inOrder)])) {
      if (countries.has(name)) ambiguous.add(name)
      else countries.set(name, code)
    }
  }
  for (const name of ambiguous) countries.delete(name)
  return countries
}

/** Its words by the alphabet, but for the small ones: "Iran, Islamic Republic of" and "Islamic Republic of Iran" are one name. */
function inOrder(name: string): string {
  const words = normalized(name, 'NFKD')
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replaceAll(/\p{Mark}/gu, '')
    .match(/[\p{Letter}\p{Number}]+/gu)
  return (words ?? [])
    .filter((word) => !SMALL_WORDS.has(word))
    .sort()
    .join(' ')
}

/** Without case, marks and punctuation: "Côte d'Ivoire" and "COTE D IVOIRE" are one name. */
function fold(name: string): string {
  const plain = normalized(name, 'NFKD').toLowerCase().replaceAll('&', ' and ')
  return plain.replace(/[^\p{Letter}\p{Number}]/gu, '')
}
