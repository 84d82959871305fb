/**
 * The routes of one institution's SAML service provider, mounted at /institutions/:institution/saml.
 * People get pages; of a failure they are told what to do, under a number by which the administrator finds the reason.
 */
import type { Context } from 'hono'
import { Hono } from 'hono'
import type { Institution } from '../directory/institution.ts'
import { institutionCache } from '../directory/institution.ts'
import { addressOf } from '../limits/address.ts'
import { SIGN_INS } from '../limits/rate.ts'
import type { Exchange } from '../observe/requests.ts'
import { StoreError } from '../store/store.ts'
import type { NotSignedIn } from './acs.ts'
import { consume } from './acs.ts'
import type { SamlDeps } from './deps.ts'
import { isInAddress } from './form.ts'
import { login } from './login.ts'
import { failurePage } from './pages.ts'
import type { Refusal } from './refusal-record.ts'
import { newReference, recordRefusal } from './refusal-record.ts'
import { logout, showSession } from './session.ts'
import { exchangeCode, exchangeFailed } from './token.ts'

/** Refusals that are kept for an institution: a thousand, and 720 an hour. What a flood brings beyond is in the log alone. */
const KEPT = { perSecond: 0.2, burstSeconds: 5000 } as const

/** What the browser gets, or why it gets no more than a page that says so. */
type Work = (request: Request, institution: Institution) => Response | NotSignedIn | Promise<Response | NotSignedIn>

export function samlApp(deps: SamlDeps): Hono {
  const { store, limiter, log, failed } = deps
  const institutions = institutionCache(store, () => performance.now())
  const app = new Hono()
  const at = (path: string, methods: { readonly [method: string]: (c: Context) => Promise<Response> }) =>
    app.all(path, byMethod(methods))

  at('/metadata', { GET: page((_, institution) => deps.sp.metadata(institution)) })
  at('/login', { GET: page((request, institution) => login(deps, request, institution), 'login') })
  at('/acs', { POST: page(signIn, 'acs'), GET: page(signInByAddress, 'acs') })
  at('/signed-in', { GET: page((request, institution) => showSession(deps, request, institution)) })
  const out = page((request, institution) => logout(deps, request, institution))
  at('/logout', { GET: out, POST: out })
  at('/token', { POST: exchange })
  return app

  async function exchange(c: Context): Promise<Response> {
    try {
      return await exchangeCode(deps, c.req.raw, c.req.param('institution') ?? '')
    } catch (error) {
      failed(error, c.req.raw)
      return exchangeFailed(error)
    }
  }

  async function signIn(request: Request, institution: Institution): Promise<Response | NotSignedIn> {
    const done = await consume(deps, request, institution)
    deps.ended(done instanceof Response ? 'accepted' : done.code)
    return done
  }

  /** Who reloads the page of a failed sign-in comes by GET as well, with nothing. */
  function signInByAddress(request: Request): Refusal | Promise<Response> {
    if (!isInAddress(request)) return notAllowed(['POST'])
    const detail = 'the response came in the address, as by HTTP-Redirect or HTTP-Artifact; it should come by HTTP-POST'
    deps.ended('form')
    return { failure: 'unreadable', code: 'form', detail }
  }

  /** @param limit what is counted by address; nothing is when absent */
  function page(work: Work, limit?: string): (c: Context) => Promise<Response> {
    return async (c) => {
      const request = c.req.raw
      let institution: Institution | undefined
      try {
        institution = await institutions.get(c.req.param('institution') ?? '')
        if (institution === undefined) return await failurePage({ failure: 'address', institution, status: 404 })
        const seconds = limit === undefined ? 0 : secondsToWait(limit, c.env as Exchange, institution)
        if (seconds > 0) return await tooMany(institution, seconds, againBy(request))
        const done = await work(request, institution)
        return done instanceof Response ? done : await refused(done, institution)
      } catch (error) {
        failed(error, request)
        const isBusy = error instanceof StoreError
        return failurePage({ failure: isBusy ? 'busy' : 'broken', institution, again: againBy(request) })
      }
    }
  }

  function secondsToWait(limit: string, { incoming }: Exchange, { settings }: Institution): number {
    const { perSecond, burstSeconds } = SIGN_INS
    return limiter.take(`${limit} ${addressOf(incoming)}`, settings.rateLimit?.perSecond === 0 ? 0 : perSecond, burstSeconds)
  }

  async function refused({ again = 'login', ...refusal }: NotSignedIn, institution: Institution): Promise<Response> {
    const reference = newReference()
    const { _id } = institution
    log.info({ institution: _id, reference, ...refusal }, 'sign-in refused')
    const isKept = limiter.take(`refusals ${_id}`, KEPT.perSecond, KEPT.burstSeconds) === 0
    if (isKept) await recordRefusal(store, { institution: _id, reference, refusal, now: Date.now() })
    return failurePage({ ...refusal, institution, reference, again })
  }
}

/** The sign-in that could not begin, as it was asked for; else one that leads nowhere in particular. */
function againBy(request: Request): string {
  const { pathname, search } = new URL(request.url)
  return pathname.endsWith('/login') ? `login${search}` : 'login'
}

function tooMany(institution: Institution, seconds: number, again: string): Promise<Response> {
  return failurePage({ failure: 'limited', institution, again, headers: { 'retry-after': String(seconds) } })
}

function byMethod(methods: { readonly [method: string]: (c: Context) => Promise<Response> }): (c: Context) => Promise<Response> {
  const served = new Map(Object.entries(methods))
  const get = served.get('GET')
  if (get !== undefined) served.set('HEAD', get)
  return (c) => served.get(c.req.method)?.(c) ?? notAllowed([...served.keys()])
}

function notAllowed(methods: readonly string[]): Promise<Response> {
  const headers = { allow: methods.join(', ') }
  return failurePage({ failure: 'unreadable', institution: undefined, status: 405, headers, again: 'login' })
}
