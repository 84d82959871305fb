/**
 * PUT /institutions/:institution/files/:name: a flat file without SFTP. It waits for the next run, as one that was
 * uploaded any other way.
 */
import type { Context } from 'hono'
import { Hono } from 'hono'
import type { Admit } from '../auth/admit.ts'
import { readmission } from '../auth/readmit.ts'
import { isDiskFull } from '../file-errors.ts'
import { isPacked, refusalOf } from '../limits/body.ts'
import { problemDocument } from '../problem-document.ts'
import type { Store } from '../store/store.ts'
import { StoreError } from '../store/store.ts'
import { ArrivalRefused, arriving } from './arriving.ts'
import { nameFault, notATable } from './file-name.ts'
import { openFolders } from './folders.ts'
import { maxFileBytes, receive } from './receive.ts'
import type { Run } from './run-record.ts'

export type FilesDeps = {
  readonly store: Store
  readonly admit: Admit
  /** Where files are kept. */
  readonly dataDir: string
  /** Told of each file that came in. */
  readonly onWaiting?: ((run: Run) => void) | undefined
  /** Told of what must not happen; the client gets a 500 without the inside. */
  readonly failed: (error: unknown, request: Request) => void
  /** How long the next piece of a file may take; for tests. */
  readonly idleMs?: number
  /** Epoch milliseconds; for tests. */
  readonly now?: () => number
}

const IDLE_MS = 60_000
const DISK_FULL =
  'the disk of the server is full, and nothing of the file was kept: ask whoever runs the server to make room, then send it again'

export function filesApp(deps: FilesDeps): Hono {
  const app = new Hono()
  app.put('/:name', async (c) => {
    try {
      return await put(deps, c)
    } catch (error) {
      if (error instanceof ArrivalRefused) return problem(error.refusal.status, error.refusal.detail, error.refusal.headers)
      deps.failed(error, c.req.raw)
      if (error instanceof StoreError) return problem(503, 'the server cannot do this now: try again', { 'retry-after': '5' })
      if (isDiskFull(error)) return problem(507, DISK_FULL)
      return problem(500, 'the server failed; the failure has been recorded')
    }
  })
  app.all('/:name', () => problem(405, 'served here: PUT', { allow: 'PUT' }))
  return app
}

async function put({ store, admit, dataDir, onWaiting, idleMs = IDLE_MS, now }: FilesDeps, c: Context): Promise<Response> {
  const request = c.req.raw
  const caller = await admit(request, c.req.param('institution') ?? '')
  if (caller.kind === 'refused') return problem(caller.status, caller.detail, caller.headers)
  const { institution, source, credential } = caller
  const file = c.req.param('name') ?? ''
  const fault = nameFault(file) ?? notATable(file)
  if (fault !== undefined) return problem(422, fault)
  if (isPacked(request)) {
    const { detail, headers } = refusalOf({ kind: 'packed' }, 'the file')
    return problem(415, detail, headers)
  }
  if (/^\s*multipart\//i.test(request.headers.get('content-type') ?? ''))
    return problem(415, 'the body should be the file itself, not a form with the file in it: with curl by -T FILE, not by -F')
  // Whoever says how much will come need not send it to hear that it is too much.
  const maxBytes = maxFileBytes(institution)
  if (Number(request.headers.get('content-length')) > maxBytes) return tooLarge(maxBytes)
  const folders = await openFolders(dataDir, institution._id)
  const body: AsyncIterable<Uint8Array> = request.body ?? new ReadableStream<Uint8Array>({ start: (stream) => stream.close() })
  const patience = { readmit: readmission(admit, request, caller, now), idleMs }
  const received = await receive(arriving(body, patience), file, {
    store,
    institution,
    folders,
    by: { source, credential },
    hasQuota: true,
  })
  switch (received.kind) {
    case 'waiting':
      onWaiting?.(received.run)
      return Response.json({ file, bytes: received.bytes, run: received.run._id, state: received.run.state }, { status: 201 })
    case 'empty':
      return problem(422, 'the file has no content')
    case 'tooLarge':
      return tooLarge(received.maxBytes)
    case 'full':
      return problem(507, 'there is no more room before the next run has gone through the files that wait (setting sftp.quota)')
    default:
      return received satisfies never
  }
}

function tooLarge(maxBytes: number): Response {
  return problem(413, `the file is past the limit of ${maxBytes} bytes (setting files.limits.fileBytes)`)
}

const TITLES = {
  401: 'A valid bearer token is needed',
  403: 'This is not allowed',
  405: 'This method is not served here',
  408: 'The file did not arrive in time',
  413: 'The file is too large',
  415: 'This is not the file itself',
  422: 'The file cannot be taken',
  429: 'Too many requests',
  500: 'Internal Server Error',
  503: 'The server cannot do this now',
  507: 'There is no room for the file',
} as const

function problem(status: keyof typeof TITLES, detail: string, headers: { readonly [name: string]: string } = {}): Response {
  return problemDocument({ title: TITLES[status], status, detail }, headers)
}
