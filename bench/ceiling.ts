/**
 * The ceiling: the least that any server in this language can do for the same promise, as a process of its own.
 * Bare Hono on node:sqlite, one thread; WAL, synchronous=FULL, all waiting writes of a turn in one transaction; a user
 * is a row of JSON text with seven indexes, and each write leaves a row of events. It checks nothing and knows nobody.
 */
import { DatabaseSync } from 'node:sqlite'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { newId } from '../src/directory/ids.ts'
import { openCeilingTables } from './ceiling-tables.ts'

type Body = { [name: string]: unknown }
type Write = {
  readonly run: () => string | undefined
  readonly resolve: (doc: string | undefined) => void
  readonly reject: (error: unknown) => void
}

const CAMPUS = 'urn:ietf:params:scim:schemas:extension:campus:2.0:User'
const JSON_TYPE = { 'content-type': 'application/scim+json' }

/** @param path of the database file, made anew */
function openCeiling(path: string): Hono {
  const db = new DatabaseSync(path)
  const { insert, record } = openCeilingTables(db)
  const update = db.prepare(
    `update users set version = ?, modified = ?, doc = ? where institution = 'b' and id = ? and version = ?`,
  )
  const byId = db.prepare(`select doc, version from users where institution = 'b' and id = ?`)
  const byName = db.prepare(`select doc from users where institution = 'b' and userName = ?`)
  const page = db.prepare(`select doc from users where institution = 'b' order by id limit ? offset ?`)
  let total = 0
  let waiting: Write[] = []

  function write(run: Write['run']): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      if (waiting.push({ run, resolve, reject }) === 1) setImmediate(commit)
    })
  }

  function commit(): void {
    const group = waiting
    waiting = []
    try {
      db.exec('begin immediate')
      const docs = group.map(({ run }) => run())
      db.exec('commit')
      for (const [index, { resolve }] of group.entries()) resolve(docs[index])
    } catch (error) {
      if (db.isTransaction) db.exec('rollback')
      for (const { reject } of group) reject(error)
    }
  }

  function event(id: string, version: string, changed: unknown): void {
    record.run(version, id, JSON.stringify({ _id: version, subject: id, at: Date.now(), source: 'scim', changed }))
  }

  function create(sent: Body): string | undefined {
    const id = newId(Date.now())
    const version = newId(Date.now())
    const now = new Date()
    const doc = JSON.stringify({
      ...sent,
      id,
      meta: { resourceType: 'User', created: now, lastModified: now, version: `W/"${version}"` },
    })
    const [email] = sent.emails as { value: string }[]
    const { netid } = sent[CAMPUS] as { netid: string }
    const { changes } = insert.run(
      id,
      version,
      netid,
      email?.value ?? null,
      String(sent.userName).toLowerCase(),
      now.getTime(),
      doc,
    )
    if (changes === 0) return undefined
    total++
    event(id, version, sent)
    return doc
  }

  function patch(id: string, operations: { path: string; value: unknown }[]): string | undefined {
    const row = byId.get(id)
    if (row === undefined) return undefined
    const user = JSON.parse(String(row.doc)) as Body
    const old = operations.map(({ path }) => [path, user[path]])
    for (const { path, value } of operations) user[path] = value
    const version = newId(Date.now())
    const now = new Date()
    const doc = JSON.stringify({ ...user, meta: { ...(user.meta as Body), lastModified: now, version: `W/"${version}"` } })
    update.run(version, now.getTime(), doc, id, row.version ?? null)
    event(id, version, { old, new: operations })
    return doc
  }

  const listOf = (docs: readonly string[], all: number, startIndex: number) =>
    `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":${all},"startIndex":${startIndex},"itemsPerPage":${docs.length},"Resources":[${docs.join(',')}]}`

  return new Hono()
    .get('/Users/:id', (c) => {
      const row = byId.get(c.req.param('id'))
      return row === undefined ? c.body(null, 404) : c.body(String(row.doc), 200, JSON_TYPE)
    })
    .get('/Users', (c) => {
      const name = /^userName eq "([^"]*)"$/.exec(c.req.query('filter') ?? '')?.[1]
      if (name !== undefined) {
        const docs = byName.all(name.toLowerCase()).map((row) => String(row.doc))
        return c.body(listOf(docs, docs.length, 1), 200, JSON_TYPE)
      }
      const startIndex = Number(c.req.query('startIndex') ?? 1)
      const docs = page.all(Number(c.req.query('count') ?? 100), startIndex - 1).map((row) => String(row.doc))
      return c.body(listOf(docs, total, startIndex), 200, JSON_TYPE)
    })
    .post('/Users', async (c) => {
      const sent = (await c.req.json()) as Body
      const doc = await write(() => create(sent))
      return doc === undefined ? c.body(null, 409) : c.body(doc, 201, JSON_TYPE)
    })
    .patch('/Users/:id', async (c) => {
      const { Operations } = (await c.req.json()) as { Operations: { path: string; value: unknown }[] }
      const doc = await write(() => patch(c.req.param('id'), Operations))
      return doc === undefined ? c.body(null, 404) : c.body(doc, 200, JSON_TYPE)
    })
}

if (import.meta.main) {
  const [port, path] = process.argv.slice(2)
  serve({ fetch: openCeiling(String(path)).fetch, port: Number(port), hostname: '127.0.0.1' })
}
