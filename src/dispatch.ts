/**
 * Which channel a request is for, by its path alone.
 */
import { Hono } from 'hono'
import { html } from 'hono/html'
import type { RouteOf } from './observe/requests.ts'
import { htmlPage } from './page.ts'
import { problemDocument } from './problem-document.ts'

/** Channels by where they are mounted below an institution. */
export type Channels = { readonly [place: string]: Hono }

export type Dispatcher = {
  /** What serves a path. */
  readonly appFor: (path: string) => Hono
  /** The pattern that a request is logged and measured under. */
  readonly routeOf: RouteOf
  /** All patterns. */
  readonly routes: readonly string[]
}

/**
 * Each channel has a router of its own, so that the quick kind, which does not suit every set of routes, serves those
 * channels that it does suit.
 * @param rest serves what is no channel's
 */
export function dispatcher(publicUrl: string, rest: Hono, channels: Channels): Dispatcher {
  const mounted = new Map(
    Object.entries(channels).map(([place, app]) => {
      return [firstSegment(place, 0), plainApp(publicUrl).route(`/institutions/:institution/${place}`, app)]
    }),
  )
  const routes = [rest, ...mounted.values()].flatMap((app) => app.routes.map(({ path }) => path))
  const appFor = (path: string) => {
    if (!path.startsWith(INSTITUTIONS)) return rest
    const from = path.indexOf('/', INSTITUTIONS.length) + 1
    return mounted.get(firstSegment(path, from)) ?? rest
  }
  const routeOf: RouteOf = (method, asked) => {
    const path = asked.replace(/(?<=.)\/$/, '')
    const [handlers] = appFor(path).router.match(method === 'HEAD' ? 'GET' : method, path)
    const route = handlers[0]?.[0][1].path ?? 'none'
    if (!route.endsWith('/:id')) return route
    const named = route.slice(0, -':id'.length) + path.slice(path.lastIndexOf('/') + 1)
    return BESIDE_IDS.has(named) ? named : route
  }
  return { appFor, routeOf, routes: [...new Set([...routes, ...BESIDE_IDS])] }
}

/** Names that stand where an id stands otherwise: routes of their own, though routers have none for them. */
const BESIDE_IDS: ReadonlySet<string> = new Set(
  ['api/v1/users/batch', 'scim/v2/Users/.search', 'scim/v2/Groups/.search'].map((place) => `/institutions/:institution/${place}`),
)

const INSTITUTIONS = '/institutions/'

function firstSegment(path: string, from: number): string {
  const slash = path.indexOf('/', from)
  return path.slice(from, slash < 0 ? path.length : slash)
}

/**
 * Errors go on to the one place that makes answers of them, which stands around all apps. A slash at the end of an
 * address means nothing: people and clients put one there.
 */
export function plainApp(publicUrl: string): Hono {
  const app = new Hono({ strict: false })
  const detail = `there is nothing at this address; ${publicUrl}/ tells what is where`
  app.notFound(({ req }) =>
    req.header('accept')?.includes('text/html')
      ? nothingHere(publicUrl)
      : problemDocument({ title: 'Not Found', status: 404, detail }),
  )
  app.onError((error) => {
    throw error
  })
  return app
}

/** For who mistyped an address in a browser. */
function nothingHere(publicUrl: string): Promise<Response> {
  return htmlPage({
    title: 'There is nothing at this address',
    shape: 'card',
    status: 404,
    body: html`<p>Please look whether it is spelt right, or ask whoever gave it to you.</p>
      <p><a href="${publicUrl}/">What is where on this server</a></p>`,
  })
}

/** Of an absolute URL; a query may follow. */
export function pathOf(url: string): string {
  return url.slice(url.indexOf('/', url.indexOf('//') + 2))
}
