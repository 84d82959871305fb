/**
 * An identity provider that runs as a process of its own on loopback, with a key and a folder of its own: for tests.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../free-port.ts'
import { end } from '../supervised.ts'
import { testIdp } from './signer.ts'

const READY_MS = 120_000

/** As settings name it, and where it is reached. */
export type RunningIdp = AsyncDisposable & {
  readonly settings: { readonly entityId: string; readonly ssoUrl: string; readonly certificates: readonly [string] }
  readonly metadataUrl: string
}

/**
 * @param at paths below its address
 * @param start gets the port to listen at, and the folder with `idp.key` and `idp.crt`, in which it may write; starts it supervised
 */
export async function runIdp(
  at: { readonly path: string; readonly sso: string; readonly metadata: string },
  start: (port: number, folder: string) => ChildProcess,
): Promise<RunningIdp> {
  await using opening = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'matricula-idp-'))
  opening.defer(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/`
  const { privateKey, certificate } = testIdp(url)
  await writeFile(join(folder, 'idp.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await writeFile(join(folder, 'idp.crt'), pemOf(certificate))
  const child = start(port, folder)
  opening.defer(() => end(child))
  const metadataUrl = url + at.metadata
  await ready(metadataUrl, child)
  const all = opening.move()
  const settings = { entityId: url + at.path, ssoUrl: url + at.sso, certificates: [certificate] } as const
  return { settings, metadataUrl, [Symbol.asyncDispose]: () => all.disposeAsync() }
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
    const isOver = child.exitCode !== null || Date.now() > until
    if (isOver) throw new Error(`the identity provider is not ready: ${answer?.status} ${text?.slice(0, 500)}`)
    await wait(50)
  }
}
