/**
 * The filter cases and the shape of their file (`cases/filters.schema.json`, explained in README.md).
 */
import { Ajv } from 'ajv'
import cases from './cases/filters.json' with { type: 'json' }
import schema from './cases/filters.schema.json' with { type: 'json' }
import type { Need } from './dialogue.ts'
import type { JsonObject } from './json.ts'

export type FilterCase = {
  readonly id: string
  readonly filter: string
  /** `must` by the RFC, `should` by a careful server; `may`: either answer is right, but never a 5xx; `parse`: not sent. */
  readonly level: 'must' | 'should' | 'may' | 'parse'
  /** 200, 400 or (null) either of them. */
  readonly valid: boolean | null
  /** Where it may be answered otherwise. */
  readonly status?: readonly number[]
  readonly note?: string
  readonly needs?: readonly Need[]
  readonly matches?: readonly string[]
  readonly misses?: readonly string[]
}

/** The filter is prefix, `repeat` so many times, suffix, `close` as many times; it must be answered in time. */
export type GeneratedFilter = {
  readonly name: string
  readonly prefix: string
  readonly repeat: string
  readonly times: number
  readonly suffix: string
  readonly close?: string
  readonly expect: readonly number[]
  readonly maxMs: number
}

export type FilterCases = {
  readonly dialect: string
  readonly clause: string
  readonly users: readonly { readonly ref: string; readonly resource: JsonObject }[]
  readonly cases: readonly FilterCase[]
  readonly generated: readonly GeneratedFilter[]
}

let checked: FilterCases | undefined

/** Checked against the schema once. */
export function readFilterCases(): FilterCases {
  checked ??= parseFilterCases(cases)
  return checked
}

/** @throws {Error} that says where the file is not of the shape */
export function parseFilterCases(file: unknown): FilterCases {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })
  const isFilterCases = ajv.compile<FilterCases>(schema)
  if (isFilterCases(file)) return file
  throw new Error(`not a file of filters: ${ajv.errorsText(isFilterCases.errors, { dataVar: '' })}`)
}
