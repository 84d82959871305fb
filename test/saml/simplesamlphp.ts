/**
 * SimpleSAMLphp, a real identity provider, run by PHP's own server on loopback: for tests.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { supervised } from '../supervised.ts'
import type { RunningIdp } from './idp-process.ts'
import { runIdp } from './idp-process.ts'

const WWW = ['/usr/share/simplesamlphp/www', '/opt/simplesamlphp/usr/share/simplesamlphp/www'].find((path) => existsSync(path))
const CONFIG = fileURLToPath(new URL('simplesamlphp', import.meta.url))
const HAS_EXTENSIONS = 'exit(extension_loaded("dom") && extension_loaded("mbstring") ? 0 : 1);'

export type SimpleSamlOptions = {
  readonly sp: { readonly entityId: string; readonly acsUrl: string }
  /** Of the service provider, bare base64: what its requests are checked with, and assertions encrypted for. */
  readonly spCertificate?: string
  readonly names?: 'short' | 'oid'
  readonly signs?: 'both' | 'assertion' | 'response'
  readonly encrypts?: boolean
  readonly checksRequests?: boolean
}

/** Why it cannot be had here, for a test to be skipped with; undefined when it can. */
export const noSimpleSaml =
  WWW === undefined || spawnSync('php', ['-r', HAS_EXTENSIONS]).status !== 0
    ? 'no SimpleSAMLphp: run test/saml/install-simplesamlphp.sh (Debian)'
    : undefined

export function startSimpleSaml(options: SimpleSamlOptions): Promise<RunningIdp> {
  const { sp, spCertificate = '', names = 'short', signs = 'both', encrypts = false, checksRequests = false } = options
  const at = { path: 'idp', sso: 'saml2/idp/SSOService.php', metadata: 'saml2/idp/metadata.php' }
  return runIdp(at, (port, folder) => {
    const env = {
      ...process.env,
      SIMPLESAMLPHP_CONFIG_DIR: CONFIG,
      IDP_FOLDER: folder,
      IDP_URL: `http://127.0.0.1:${port}/`,
      IDP_NAMES: names,
      IDP_SIGNS: signs,
      IDP_ENCRYPTS: encrypts ? 'yes' : 'no',
      SP_ENTITY_ID: sp.entityId,
      SP_ACS: sp.acsUrl,
      SP_SIGNS: checksRequests ? 'yes' : 'no',
      SP_CERTIFICATE: spCertificate,
    }
    return supervised('php', ['-S', `127.0.0.1:${port}`], { cwd: WWW, env })
  })
}
