/**
 * /Me (RFC 7644, section 3.11): the user whom the caller's token speaks of. A token of a machine speaks of nobody, and
 * then it is not implemented.
 */
import { isVisible } from '../directory/binding.ts'
import { ID } from '../directory/ids.ts'
import { foldKey } from '../directory/keys.ts'
import type { Roll } from '../directory/roll.ts'
import { externalIdTerm } from '../directory/search.ts'
import type { User } from '../directory/user.ts'
import type { Store } from '../store/store.ts'
import type { Caller } from './deps.ts'
import { ScimProblem } from './errors.ts'
import type { Exchange } from './exchange.ts'

type Service<Deps> = (deps: Deps, exchange: Exchange, id: string) => Promise<Response | ScimProblem>

const NOBODY = new ScimProblem('notImplemented', 'this token speaks of no person, so there is no /Me: ask for /Users')
const UNKNOWN = new ScimProblem('notFound', 'the person whom the token speaks of is not here')

/** What is done with a user, done with the caller's own. The answer says where that user is. */
export function ofMe<Deps extends Roll>(service: Service<Deps>): Service<Deps> {
  return async (deps, exchange) => {
    const { subject } = exchange.caller
    if (subject === undefined) return NOBODY
    const id = await idOf(deps.store, exchange.caller, subject)
    if (id === undefined) return UNKNOWN
    const answer = await service(deps, exchange, id)
    if (!(answer instanceof ScimProblem)) answer.headers.set('location', `${exchange.base}/Users/${id}`)
    return answer
  }
}

/** A subject is an id, what the source calls somebody, or a userName; the first that somebody has counts. */
async function idOf(store: Store, { institution, source }: Caller, subject: string): Promise<string | undefined> {
  const name = foldKey(subject)
  const [byId, byExternalId, byName] = await Promise.all([
    ID.test(subject) ? store.lookUp('users', institution._id, { ids: [subject] }) : [],
    store.find('users', institution._id, {
      where: { op: 'any', path: 'search.externalIds', where: { op: 'eq', path: '', value: externalIdTerm(source, subject) } },
      limit: 1,
    }),
    name === undefined ? [] : store.lookUp('users', institution._id, { keys: { userName: [name] } }),
  ])
  return ([...byId, ...byExternalId, ...byName] as User[]).find((user) => isVisible(user, source))?._id
}
