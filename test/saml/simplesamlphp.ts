/**
 * SimpleSAMLphp, a real identity provider, run by PHP's own server on loopback: for tests.
 */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../server.ts'
import { testIdp } from './signer.ts'

const WWW = ['/usr/share/simplesamlphp/www', '/opt/simplesamlphp/usr/share/simplesamlphp/www'].find((path) => existsSync(path))
const SETTINGS = fileURLToPath(new URL('simplesamlphp', import.meta.url))
const READY_MS = 30_000

export type SimpleSamlOptions = {
  readonly sp: { readonly entityId: string; readonly acsUrl: string; readonly certificate?: string; readonly signs?: boolean }
  readonly names?: 'short' | 'oid'
  readonly signs?: 'both' | 'assertion' | 'response'
  readonly encrypts?: boolean
}

export type SimpleSaml = AsyncDisposable & {
  readonly entityId: string
  readonly ssoUrl: string
  /** Bare base64. */
  readonly certificate: string
  readonly metadataUrl: string
}

/** Why it cannot be had here, for a test to be skipped with; undefined when it can. */
export const noSimpleSaml = WWW === undefined ? 'no SimpleSAMLphp: run test/saml/install-simplesamlphp.sh (Debian)' : undefined

export async function startSimpleSaml({
  sp,
  names = 'short',
  signs = 'both',
  encrypts = false,
}: SimpleSamlOptions): Promise<SimpleSaml> {
  await using opening = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'matricula-idp-'))
  opening.defer(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const { privateKey, certificate } = testIdp(`${url}idp`)
  await writeFile(join(folder, 'idp.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await writeFile(join(folder, 'idp.crt'), pemOf(certificate))
  const env = {
    ...process.env,
    SIMPLESAMLPHP_CONFIG_DIR: SETTINGS,
    IDP_FOLDER: folder,
    IDP_URL: url,
    IDP_NAMES: names,
    IDP_SIGNS: signs,
    IDP_ENCRYPTS: encrypts ? 'yes' : 'no',
    SP_ENTITY_ID: sp.entityId,
    SP_ACS: sp.acsUrl,
    SP_SIGNS: sp.signs ? 'yes' : 'no',
    SP_CERTIFICATE: sp.certificate ?? '',
  }
  const child = spawn('php', ['-S', `127.0.0.1:${port}`], { cwd: WWW, env, stdio: 'ignore' })
  opening.defer(() => end(child))
  const metadataUrl = `${url}saml2/idp/metadata.php`
  await ready(metadataUrl, child)
  const all = opening.move()
  return {
    entityId: `${url}idp`,
    ssoUrl: `${url}saml2/idp/SSOService.php`,
    certificate,
    metadataUrl,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

function pemOf(certificate: string): string {
  return `-----BEGIN CERTIFICATE-----\n${certificate.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  const until = Date.now() + READY_MS
  for (;;) {
    const answer = await fetch(url).catch(() => undefined)
    const text = await answer?.text()
    if (answer?.ok) return
    if (child.exitCode !== null || Date.now() > until)
      throw new Error(`SimpleSAMLphp is not ready: ${answer?.status} ${text?.slice(0, 500)}`)
    await wait(50)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
