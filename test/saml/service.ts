/**
 * The real program with an identity provider set for its institution: for tests.
 */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { SamlSettings } from '../../src/directory/settings.ts'
import { idpsOf } from '../../src/directory/settings.ts'
import type { Server } from '../server.ts'
import { temporaryFile } from '../stores.ts'

const TAKEN_UP_MS = 60_000

export function samlOf(server: Server): { readonly base: string; readonly entityId: string; readonly acsUrl: string } {
  const base = server.api.replace(/\/api\/v1$/, '/saml')
  return { base, entityId: `${base}/metadata`, acsUrl: `${base}/acs` }
}

/** Returns when the running server has taken the settings up. */
export async function setSaml(server: Server, saml: SamlSettings): Promise<void> {
  const file = temporaryFile('settings.json')
  await writeFile(file, JSON.stringify({ saml }))
  const set = await server.run('institution', 'set', 'test-uni', '--settings', file)
  assert.equal(set.code, 0, set.stderr)
  const [returnUrl] = saml.returnUrls ?? []
  const asked = new URLSearchParams({
    idp: idpsOf({ saml }).at(-1)?.entityId ?? '',
    ...(returnUrl !== undefined && { return: returnUrl }),
  })
  const until = Date.now() + TAKEN_UP_MS
  while ((await statusOf(`${samlOf(server).base}/login?${asked}`)) !== 302) {
    assert.ok(Date.now() < until, 'the settings are not taken up')
    await wait(100)
  }
}

async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url, { redirect: 'manual' })
  await answer.body?.cancel()
  return answer.status
}
