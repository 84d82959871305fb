/**
 * Every document that satisfies a predicate, page by page, by id: what is written meanwhile may or may not be among them.
 */
import type { CollectionName } from '../store/collections.ts'
import type { Predicate } from '../store/predicate.ts'
import type { Doc, Store } from '../store/store.ts'

const PAGE = 500

export async function* eachDoc(
  store: Store,
  collection: CollectionName,
  institution: string,
  where: Predicate,
): AsyncGenerator<Doc, void> {
  let last: Doc | undefined
  for (;;) {
    const page: Doc[] = await store.find(collection, institution, {
      where,
      limit: PAGE,
      ...(last && { after: { id: last._id } }),
    })
    yield* page
    last = page.at(-1)
    if (page.length < PAGE) return
  }
}

export async function allDocs(...asked: Parameters<typeof eachDoc>): Promise<Doc[]> {
  const found: Doc[] = []
  for await (const doc of eachDoc(...asked)) found.push(doc)
  return found
}
