/**
 * Work that waits for something elsewhere, for each of many things: some of it is under way together, so that the waits
 * do not add up, and never more than that, so that memory does not grow with their number.
 */

const AT_ONCE = 10

/**
 * @returns what each came to, in the order of the items; begun are those up to `AT_ONCE` ahead of what is taken. Whoever
 *   stops taking, or hears of a failure, goes on when nothing is under way any more.
 */
export async function* sideBySide<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result, void> {
  const underWay: Promise<Result>[] = []
  try {
    for await (const item of items) {
      const result = work(item)
      // Whoever comes to it hears of its failure; meanwhile it is no stray one.
      result.catch(() => {})
      if (underWay.push(result) === AT_ONCE) yield await (underWay.shift() as Promise<Result>)
    }
    while (underWay.length > 0) yield await (underWay.shift() as Promise<Result>)
  } finally {
    await Promise.allSettled(underWay)
  }
}
