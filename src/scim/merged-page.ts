/**
 * A page of several resource types in one order: of each as many are read as could be on the page. The order is total,
 * by value and id, so that one place in it says where each goes on.
 */
import type { Scalar } from '../store/predicate.ts'
import type { Place } from './cursor.ts'
import { ScimProblem } from './errors.ts'
import type { ListRequest } from './list-request.ts'
import type { Found, Page, Part, Question } from './question.ts'
import { find, placeOf, totalOf } from './question.ts'

/** Further than this nobody goes by index: all before it would have to be read. */
const MAX_INDEX = 1000

type Placed = { readonly part: Part; readonly place: Place }

export async function mergedByIndex(questions: readonly Question[], request: ListRequest): Promise<Page | ScimProblem> {
  const skip = request.startIndex - 1
  if (skip + request.count > MAX_INDEX) {
    const detail = `of several resource types in one order the first ${MAX_INDEX} can be asked for by index: use a cursor`
    return new ScimProblem('tooMany', detail)
  }
  const [totals, found] = await Promise.all([
    Promise.all(questions.map(totalOf)),
    inOrder(questions, request, skip + request.count, undefined),
  ])
  return { parts: found.slice(skip, skip + request.count).map(({ part }) => part), total: totals.reduce((a, b) => a + b, 0) }
}

export async function mergedByCursor(
  questions: readonly Question[],
  request: ListRequest,
  from: Place | undefined,
): Promise<Found> {
  const { count } = request
  if (count === 0) return { parts: [] }
  const found = await inOrder(questions, request, count + 1, from)
  const shown = found.slice(0, count)
  return { parts: shown.map(({ part }) => part), next: found.length > count ? shown.at(-1)?.place : undefined }
}

/** Each resource a part of its own. */
async function inOrder(
  questions: readonly Question[],
  { isDescending }: ListRequest,
  limit: number,
  after: Place | undefined,
): Promise<Placed[]> {
  const placed = async (question: Question): Promise<Placed[]> => {
    const from = after === undefined ? undefined : afterIn(question, after, isDescending)
    if (from === 'nothing' || limit === 0) return []
    const docs = await find(question, { limit, ...(from && { after: from }) })
    return docs.map((doc) => ({ part: { type: question.type, docs: [doc] }, place: placeOf(question, doc) }))
  }
  const found = await Promise.all(questions.map(placed))
  const sign = isDescending ? -1 : 1
  return found
    .flat()
    .sort((one, other) => sign * compare(one.place, other.place))
    .slice(0, limit)
}

/**
 * Where a type goes on that has nothing to be sorted by: in the order of its ids, which stands behind all values
 * (before them, where it is turned round).
 */
function afterIn({ sort }: Question, place: Place, isDescending: boolean): Place | undefined | 'nothing' {
  const hasValues = sort !== undefined && sort.path !== '_id'
  if (hasValues || place.value === undefined) return place
  return isDescending ? 'nothing' : undefined
}

/** Numbers, text, booleans, then what has no value; the same by id: as every store has it. */
function compare(one: Place, other: Place): number {
  return rankOf(one.value) - rankOf(other.value) || compareScalars(one.value, other.value) || (one.id < other.id ? -1 : 1)
}

function rankOf(value: Scalar | undefined): number {
  return ['number', 'string', 'boolean', 'undefined'].indexOf(typeof value)
}

function compareScalars(one: Scalar | undefined, other: Scalar | undefined): number {
  if (typeof one === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(String(other)))
  return Number(one ?? 0) - Number(other ?? 0)
}
