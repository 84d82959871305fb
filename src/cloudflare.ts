/**
 * Matricula on Cloudflare Workers: SCIM, REST and the token endpoint, over MongoDB. Files, sign-ins and what is due by
 * the clock need a process on Node beside it, on the same database, where the command line is, too.
 */
import { sealWith } from './auth/seal.ts'
import type { App } from './channels.ts'
import { serveChannels } from './channels.ts'
import { ConfigError, configFrom } from './config.ts'
import { inTime } from './limits/in-time.ts'
import { askByFetch } from './limits/outbound-fetch.ts'
import { openConsoleLog } from './observe/console-log.ts'
import type { Exchange } from './observe/requests.ts'
import { numberFrom } from './observe/requests.ts'
import { problemDocument } from './problem-document.ts'
import { openMongo } from './store/mongo/open.ts'

/** What `wrangler.toml` and the secrets of the Worker hold. */
type Environment = { readonly [name: string]: unknown } & {
  readonly ROLL: { idFromName(name: string): unknown; get(id: unknown): { fetch(request: Request): Promise<Response> } }
}

/**
 * The Durable Object that all requests meet in. Its connections to MongoDB outlive a request, and what arrives together
 * is written together.
 */
export class Roll {
  readonly #environment: Environment
  #opening: Promise<App> | undefined

  constructor(_state: unknown, environment: Environment) {
    this.#environment = environment
  }

  async fetch(request: Request): Promise<Response> {
    const requestId = numberFrom(request.headers.get('x-request-id') ?? undefined)
    const answer = await this.#answer(request, requestId)
    await takeRest(request)
    const numbered = new Response(answer.body, answer)
    numbered.headers.set('x-request-id', requestId)
    return numbered
  }

  async #answer(request: Request, requestId: string): Promise<Response> {
    try {
      const app = await this.#app()
      return await app(request, exchangeOf(request, requestId))
    } catch (err) {
      const says = err instanceof ConfigError ? { says: err.message } : { err }
      openConsoleLog('error').error({ requestId, ...says }, 'the server cannot be opened')
      return unavailable('the server cannot be opened now: its log says why')
    }
  }

  /** Opened at the first request; where that fails, the next one tries again. */
  #app(): Promise<App> {
    this.#opening ??= open(this.#environment).catch((error) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }
}

export default {
  async fetch(request: Request, { ROLL }: Pick<Environment, 'ROLL'>): Promise<Response> {
    try {
      return await ROLL.get(ROLL.idFromName('roll')).fetch(request)
    } catch (err) {
      // As each deployment ends the one before: what was under way may be done, and can be sent again.
      openConsoleLog('error').error({ err }, 'the object that serves has ended')
      return unavailable('the server was started anew: send it again')
    }
  },
}

/** How long what is left of a request is waited for. */
const REST_MS = 60_000

/** The runtime loses an answer that is there before the whole of its request. */
async function takeRest({ body }: Request): Promise<void> {
  if (body === null || body.locked) return
  await inTime(body.pipeTo(new WritableStream()), REST_MS).catch(() => undefined)
}

async function open(environment: Environment): Promise<App> {
  const texts = Object.entries(environment).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const { database, publicUrl, secretKey, logLevel } = configFrom(Object.fromEntries(texts))
  if (database.kind !== 'mongo') throw lacking('DATABASE_URL', 'mongodb://… or mongodb+srv://…')
  if (publicUrl === undefined) throw lacking('PUBLIC_URL', 'how clients reach the Worker, for example https://roll.uni.edu')
  if (secretKey === undefined) throw lacking('SECRET_KEY', 'the one that the processes on Node have')
  const log = openConsoleLog(logLevel)
  return serveChannels({ store: await openMongo(database.uri), publicUrl, log, seal: sealWith(secretKey), ask: askByFetch })
}

function lacking(name: string, right: string): ConfigError {
  return new ConfigError(`${name} is missing; it should be ${right}`)
}

/** Workers stand behind Cloudflare's own proxy, which says who calls and lets no caller say so. */
function exchangeOf({ method, url, headers }: Request, requestId: string): Exchange {
  const { pathname, search } = new URL(url)
  const remoteAddress = headers.get('cf-connecting-ip') ?? undefined
  const incoming = { method, url: pathname + search, headers: {}, socket: { remoteAddress }, complete: true, destroyed: false }
  return { incoming, outgoing: { requestId } }
}

function unavailable(detail: string): Response {
  return problemDocument({ title: 'Service Unavailable', status: 503, detail }, { 'retry-after': '5' })
}
