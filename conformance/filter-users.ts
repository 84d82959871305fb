/**
 * The few users that the filter cases ask for, on one server.
 */
import { randomBytes } from 'node:crypto'
import type { Target } from './exchange.ts'
import { exchange } from './exchange.ts'
import type { FilterCases } from './filter-cases.ts'
import { at, listOf, shorten } from './json.ts'
import type { Difference } from './judge.ts'
import { Made } from './made.ts'
import { EXTENSIONS } from './urns.ts'

type CaseUser = FilterCases['users'][number]

/** The users of the cases on one server, made when first needed. */
export class FilterUsers {
  readonly #run: string
  readonly #target: Target
  readonly #users: readonly CaseUser[]
  readonly #made = new Made()
  #refs: Promise<ReadonlyMap<string, string> | Difference> | undefined

  constructor(target: Target, users: readonly CaseUser[]) {
    this.#run = `${target.mark}${randomBytes(3).toString('hex')}`
    this.#target = target
    this.#users = users
  }

  /** Id on the server -> name in the cases, or why there are none. */
  refs(): Promise<ReadonlyMap<string, string> | Difference> {
    this.#refs ??= this.#create()
    return this.#refs
  }

  /** A text of the cases with the mark of this run in it. */
  fill(text: string): string {
    return text.replaceAll('{{run}}', this.#run)
  }

  async remove(): Promise<string[]> {
    await this.#refs
    return this.#made.remove(this.#target)
  }

  async #create(): Promise<ReadonlyMap<string, string> | Difference> {
    const refs = new Map<string, string>()
    for (const { ref, resource } of this.#users) {
      const request = { method: 'POST', path: '/Users', body: this.fill(JSON.stringify(resource)) }
      const answer = await exchange(this.#target, request)
      if ('silence' in answer) return { where: `create ${ref}`, expected: 'an answer', got: answer.silence }
      this.#made.note(request, answer)
      const id = at(answer.json, '/id')
      if (answer.status !== 201 || typeof id !== 'string' || id === '' || refs.has(id)) {
        return {
          where: `create ${ref}`,
          expected: '201 with an id of its own',
          got: `${answer.status} ${shorten(answer.text, 160)}`,
        }
      }
      refs.set(id, ref)
    }
    return refs
  }
}

/** The same user for a server that does not know the campus extension. */
export function withoutCampus({ ref, resource: { [EXTENSIONS.campus]: _, ...resource } }: CaseUser): CaseUser {
  return { ref, resource: { ...resource, schemas: listOf(resource.schemas).filter((urn) => urn !== EXTENSIONS.campus) } }
}
