/**
 * Compiles the validators beforehand, for Cloudflare Workers, where no code can be made while running: `wrangler` runs
 * this before it bundles, and takes what comes out (`dist/validators.js`) in place of ajv.
 */
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'
import { FLAT_SCHEMA } from './directory/flat-schema.ts'
import { RECORD_SCHEMA } from './directory/validate.ts'

const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true, strict: true, code: { source: true, esm: true } })
ajv.addSchema(RECORD_SCHEMA)
ajv.addSchema({ ...FLAT_SCHEMA, $id: 'flat' })

/** What the program uses of ajv. */
const AJV = `
const validators = { record, flat }
export class Ajv {
  compile({ $id }) {
    if (!Object.hasOwn(validators, $id)) throw new Error('no validator was compiled for ' + $id)
    return validators[$id]
  }
}`

await build({
  stdin: {
    contents: standalone.default(ajv, { record: 'record', flat: 'flat' }) + AJV,
    resolveDir: fileURLToPath(new URL('.', import.meta.url)),
  },
  bundle: true,
  format: 'esm',
  outfile: fileURLToPath(new URL('../dist/validators.js', import.meta.url)),
  logLevel: 'warning',
})
