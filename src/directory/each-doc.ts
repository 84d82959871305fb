/**
 * Every document that satisfies a predicate, page by page, by id: what is written meanwhile may or may not be among them.
 */
import type { CollectionName } from '../store/collections.ts'
import type { Predicate } from '../store/predicate.ts'
import type { Doc, Query, Store } from '../store/store.ts'

const PAGE = 500

/** For those who do something of a page at once; none is empty. */
export async function* pagesOf(
  store: Store,
  collection: CollectionName,
  institution: string,
  query: Pick<Query, 'where' | 'limit' | 'project'>,
): AsyncGenerator<Doc[], void> {
  let last: Doc | undefined
  do {
    const page: Doc[] = await store.find(collection, institution, { ...query, ...(last && { after: { id: last._id } }) })
    if (page.length > 0) yield page
    last = page.length < query.limit ? undefined : page.at(-1)
  } while (last !== undefined)
}

export async function* eachDoc(
  store: Store,
  collection: CollectionName,
  institution: string,
  where: Predicate,
): AsyncGenerator<Doc, void> {
  for await (const page of pagesOf(store, collection, institution, { where, limit: PAGE })) yield* page
}

export async function allDocs(...asked: Parameters<typeof eachDoc>): Promise<Doc[]> {
  const found: Doc[] = []
  for await (const doc of eachDoc(...asked)) found.push(doc)
  return found
}
