/**
 * Jobs on their way to the writer thread: all calls of a group as one flat list, since a clone of many small objects
 * costs the thread that serves requests three times as much.
 */
import type { CollectionName } from '../collections.ts'
import type { Scalar } from '../predicate.ts'
import type { Job } from './commit.ts'
import type { Row } from './row.ts'

type Item = Scalar | null
export type Message = readonly Item[]
type Calls = readonly (readonly Job[])[]

export function packed(calls: Calls): Message {
  const items: Item[] = []
  for (const jobs of calls) {
    items.push(jobs.length)
    for (const job of jobs) addJob(items, job)
  }
  return items
}

export function unpacked(message: Message): Calls {
  const reader = new Reader(message)
  const calls: Job[][] = []
  while (!reader.isAtEnd) calls.push(reader.each(jobFrom))
  return calls
}

function addJob(items: Item[], job: Job): void {
  items.push(job.op, job.collection, job.events.length)
  for (const event of job.events) addRow(items, event)
  switch (job.op) {
    case 'insert':
      addRow(items, job.row)
      break
    case 'replace':
      items.push(job.expected)
      addRow(items, job.row)
      break
    case 'delete':
      items.push(job.institution, job.id, job.expected ?? null)
      break
    case 'take':
      items.push(job.institution, job.id)
      break
    default:
      job satisfies never
  }
}

function jobFrom(reader: Reader): Job {
  const op = reader.next() as Job['op']
  const common = { collection: reader.text() as CollectionName, events: reader.each(rowFrom) }
  switch (op) {
    case 'insert':
      return { op, ...common, row: rowFrom(reader) }
    case 'replace':
      return { op, ...common, expected: reader.text(), row: rowFrom(reader) }
    case 'delete':
      return { op, ...common, institution: reader.text(), id: reader.text(), expected: reader.textOrNull() ?? undefined }
    case 'take':
      return { op, ...common, institution: reader.text(), id: reader.text() }
    default:
      return op satisfies never
  }
}

function addRow(items: Item[], { institution, id, version, search, doc, cells, lists }: Row): void {
  items.push(institution, id, version, search, doc, cells.length, ...cells, lists.length)
  for (const values of lists) items.push(values.length, ...values)
}

function rowFrom(reader: Reader): Row {
  return {
    institution: reader.text(),
    id: reader.text(),
    version: reader.text(),
    search: reader.textOrNull(),
    doc: reader.text(),
    cells: reader.some(),
    lists: reader.each(listFrom),
  }
}

function listFrom(reader: Reader): readonly Scalar[] {
  return reader.some() as readonly Scalar[]
}

class Reader {
  readonly #items: Message
  #at = 0

  constructor(items: Message) {
    this.#items = items
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#items.length
  }

  next(): Item {
    return this.#items[this.#at++] as Item
  }

  text(): string {
    return this.next() as string
  }

  textOrNull(): string | null {
    return this.next() as string | null
  }

  /** As many items as the next one says. */
  some(): Item[] {
    const from = this.#at + 1
    this.#at = from + (this.#items[this.#at] as number)
    return this.#items.slice(from, this.#at)
  }

  /** As many things as the next item says. */
  each<T>(read: (reader: Reader) => T): T[] {
    const things: T[] = []
    for (let left = this.next() as number; left > 0; left--) things.push(read(this))
    return things
  }
}
