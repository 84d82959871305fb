/**
 * The service provider's web side over a real store, called in this process; browsers with their cookies; and the answers
 * of the made-up identity provider of `signer.ts`: for tests.
 */
import assert from 'node:assert/strict'
import { Hono } from 'hono'
import { cookies } from '../../src/auth/cookies.ts'
import { sealWith } from '../../src/auth/seal.ts'
import type { SigningKeys } from '../../src/auth/signing-keys.ts'
import { openSigningKeys } from '../../src/auth/signing-keys.ts'
import { openGate } from '../../src/directory/gate.ts'
import { newId as idAt } from '../../src/directory/ids.ts'
import type { Institution } from '../../src/directory/institution.ts'
import { createInstitution } from '../../src/directory/institution-changes.ts'
import type { SamlSettings, Settings } from '../../src/directory/settings.ts'
import { rateLimiter } from '../../src/limits/rate.ts'
import { openLog } from '../../src/observe/log.ts'
import { samlApp } from '../../src/saml/app.ts'
import type { SamlDeps } from '../../src/saml/deps.ts'
import type { RefusalEvent } from '../../src/saml/refusal-record.ts'
import { findRefusal } from '../../src/saml/refusal-record.ts'
import { EVERYTHING } from '../../src/store/predicate.ts'
import type { Store } from '../../src/store/store.ts'
import type { AssertionParts, ResponseParts, Scene } from './response.ts'
import { assertionXml, attributesXml, field, newId, responseXml, signedResponse } from './response.ts'
import type { TestIdp } from './signer.ts'
import { testIdp } from './signer.ts'

export const IDP = testIdp('https://idp.uni.example/idp')
export const IDP_SETTINGS = settingsOf(IDP)

export function settingsOf({ entityId, certificate }: TestIdp) {
  return { entityId, ssoUrl: `${entityId}/sso`, certificates: [certificate] }
}

export type People = Readonly<Record<string, readonly string[]>>

export const ADA = {
  uid: ['ada'],
  mail: ['ada@uni.example'],
  givenName: ['Ada'],
  sn: ['Lovelace'],
  eduPersonPrimaryAffiliation: ['student'],
} as const satisfies People

export type Web = {
  readonly store: Store
  readonly institution: Institution
  readonly signingKeys: SigningKeys
  /** Lines of the log. */
  readonly lines: string[]
  readonly failures: unknown[]
  /** What became of each sign-in. */
  readonly ended: string[]
  /** Of the institution's service provider. */
  readonly base: string
  fetch(path: string, init?: RequestInit, address?: string): Promise<Response>
  /** What the identity provider answers about these people. */
  answer(sent: Answer): URLSearchParams
}

export type Answer = {
  /** Absent: nobody asked. */
  readonly inResponseTo?: string
  readonly attributes?: People
  readonly idp?: TestIdp
  readonly assertion?: AssertionParts
  readonly response?: ResponseParts
  readonly relayState?: string
}

export type WebOptions = {
  readonly id?: string
  readonly saml?: SamlSettings
  readonly settings?: Settings
  readonly publicUrl?: string
  /** PEM. */
  readonly decryptionKeys?: readonly string[]
  readonly over?: Partial<SamlDeps>
}

/** An institution of its own for each call, unless it is named. */
export async function openWeb(
  store: Store,
  {
    id = `u${idAt(Date.now()).slice(-12)}`,
    saml = {},
    settings = {},
    publicUrl = 'http://127.0.0.1:3000',
    decryptionKeys = [],
    over = {},
  }: WebOptions = {},
): Promise<Web> {
  const all = { rateLimit: { perSecond: 0 }, ...settings, saml: { idp: IDP_SETTINGS, ...saml } }
  const made = await createInstitution(store, {
    id,
    name: 'Test University',
    settings: all as never,
    by: { source: 'admin' },
    now: Date.now(),
  })
  if (made.kind !== 'created') throw new Error(JSON.stringify(made))
  const monotonic = () => performance.now()
  const lines: string[] = []
  const failures: unknown[] = []
  const ended: string[] = []
  const signingKeys = openSigningKeys(store, sealWith('a secret key for tests'), { now: Date.now, monotonic })
  const base = `${publicUrl}/institutions/${id}/saml`
  const sp = { entityId: `${base}/metadata`, acsUrl: `${base}/acs`, decryptionKeys }
  const app = new Hono().route(
    '/institutions/:institution/saml',
    samlApp({
      store,
      gate: openGate(store),
      publicUrl,
      log: openLog('info', { write: (line) => void lines.push(line) }),
      limiter: rateLimiter(monotonic),
      cookies: cookies(publicUrl.startsWith('http:')),
      signingKeys,
      ended: (result) => ended.push(result),
      sp: {
        context: async () => sp,
        metadata: async () => new Response('<md/>'),
        request: async (_, { ssoUrl }) => {
          const request = newId()
          return { id: request, binding: 'redirect', url: `${ssoUrl}?id=${request}` }
        },
      },
      refresh: async () => false,
      admit: () => ({ kind: 'ok', institution: made.institution, source: 'api', credential: 'token-1' }),
      failed: (error) => failures.push(error),
      ...over,
    }),
  )
  return {
    store,
    institution: made.institution,
    signingKeys,
    lines,
    failures,
    ended,
    base,
    fetch: async (path, init = {}, address = '127.0.0.1') =>
      app.request(path.startsWith('http') ? path : base + path, init, {
        incoming: { socket: { remoteAddress: address }, headers: {} },
      }),
    answer({ inResponseTo, attributes = ADA, idp = IDP, assertion = {}, response = {}, relayState }) {
      const scene: Scene = { idp, ...sp, inResponseTo, now: Date.now() }
      const parts = { attributes: attributesXml(attributes), nameId: NAME_ID, ...assertion }
      const xml = responseXml(scene, { assertion: assertionXml(scene, parts), ...response })
      const form = {
        SAMLResponse: field(signedResponse(scene, xml)),
        ...(relayState !== undefined && { RelayState: relayState }),
      }
      return new URLSearchParams(form)
    },
  }
}

const NAME_ID = '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">_t</saml:NameID>'

/** Keeps cookies by their names, as browsers do; follows nothing by itself. */
export class Browser {
  readonly cookies = new Map<string, string>()
  readonly #web: Web

  constructor(web: Web) {
    this.#web = web
  }

  async get(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await this.#web.fetch(path, { ...init, headers: { ...init.headers, ...(cookie !== '' && { cookie }) } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/max-age=0/i.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return response
  }

  post(path: string, body: URLSearchParams | string = ''): Promise<Response> {
    return this.get(path, {
      method: 'POST',
      body: String(body),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
  }

  /** @returns the ID of the request that this sign-in sends to the identity provider */
  async begin(query = ''): Promise<string> {
    const location = (await this.get(`/login${query}`)).headers.get('location') ?? ''
    const id = URL.canParse(location) ? new URL(location).searchParams.get('id') : null
    if (id === null) throw new Error(`no sign-in began: ${location}`)
    return id
  }

  async signIn(answer: Answer = {}, query = ''): Promise<Response> {
    const inResponseTo = await this.begin(query)
    return this.post('/acs', this.#web.answer({ inResponseTo, ...answer }))
  }
}

export function sessions({ store, institution }: Web): Promise<number> {
  return store.count('sessions', institution._id, EVERYTHING)
}

/** A refusal leaves no session, and the page's reference leads to the reason. */
export async function assertRefused(web: Web, response: Response, status: number, code: string): Promise<RefusalEvent> {
  const page = await response.text()
  assert.equal(response.status, status, page)
  assert.deepEqual(response.headers.getSetCookie(), [])
  const [, reference = ''] = /class="reference">([^<]+)</.exec(page) ?? []
  const refusal = await findRefusal(web.store, reference)
  assert.equal(refusal?.code, code, JSON.stringify(refusal))
  assert.equal(refusal?.institution, web.institution._id)
  assert.ok(web.lines.some((line) => JSON.parse(line).reference === reference))
  assert.equal(await sessions(web), 0)
  return refusal
}
