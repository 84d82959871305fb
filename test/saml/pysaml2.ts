/**
 * pysaml2, another real identity provider, in a process of its own on loopback: for tests.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { supervised } from '../supervised.ts'
import type { RunningIdp } from './idp-process.ts'
import { runIdp } from './idp-process.ts'

const PROGRAM = fileURLToPath(new URL('pysaml2_idp.py', import.meta.url))

/** Why it cannot be had here, for a test to be skipped with; undefined when it can. */
export const noPysaml2 =
  spawnSync('python3', ['-W', 'ignore', '-c', 'import saml2']).status !== 0 || spawnSync('xmlsec1', ['--version']).status !== 0
    ? 'no pysaml2: python3 -m pip install pysaml2, apt-get install xmlsec1'
    : undefined

/** @param spMetadataUrl where it reads what it must know of the service provider */
export function startPysaml2(spMetadataUrl: string): Promise<RunningIdp> {
  return runIdp({ path: 'idp', sso: 'sso', metadata: 'metadata' }, (port, folder) =>
    supervised('python3', ['-W', 'ignore', PROGRAM, String(port), folder, spMetadataUrl], { stderr: 'inherit' }),
  )
}
