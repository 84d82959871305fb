/**
 * What the suite made on the server, so that it leaves the server as it found it.
 */
import type { Answer, Request, Target } from './exchange.ts'
import { exchange } from './exchange.ts'
import type { Json } from './json.ts'
import { at, isObject, listOf } from './json.ts'

const RESOURCE = /\/(Users|Groups)\/([^/?#]+)$/

export class Made {
  readonly #paths = new Set<string>()

  /** Takes note of what a request made or removed, whether it was meant to or not. */
  note(request: Request, answer: Answer): void {
    if (answer.status < 200 || answer.status > 299) return
    const path = request.path.replace(/\?.*$/s, '')
    if (request.method === 'DELETE') this.#paths.delete(path)
    else if (path === '/Bulk') this.#noteBulk(answer.json)
    else if (request.method === 'PUT' && answer.status === 201) this.#paths.add(path)
    else if (request.method === 'POST') this.#notePost(path, answer)
  }

  #notePost(path: string, { json }: Answer): void {
    const id = at(json, '/id')
    if (typeof id !== 'string' || id === '') return
    if (path === '/Users' || path === '/Groups') this.#paths.add(`${path}/${encodeURIComponent(id)}`)
    // A person made over REST is the same record over SCIM.
    else if (path.endsWith('/api/v1/users')) this.#paths.add(`/Users/${encodeURIComponent(id)}`)
  }

  #noteBulk(json: Json | undefined): void {
    for (const operation of listOf(at(json, '/Operations'))) {
      if (!isObject(operation) || typeof operation.location !== 'string') continue
      const [, type, id] = RESOURCE.exec(operation.location) ?? []
      if (operation.method === 'POST' && type !== undefined && id !== undefined) this.#paths.add(`/${type}/${id}`)
    }
  }

  /** Deletes all of it, groups first. Resolves to what could not be deleted, with the reason. */
  async remove({ signal: _, ...target }: Target): Promise<string[]> {
    const left: string[] = []
    for (const path of [...this.#paths].sort()) left.push(...(await removeOne(target, path)))
    this.#paths.clear()
    return left
  }
}

/** Deletes one resource. Resolves to the path with the reason where it could not be deleted, else to nothing. */
export async function removeOne(target: Target, path: string): Promise<string[]> {
  const answer = await exchange(target, { method: 'DELETE', path, encode: 'none' })
  if ('silence' in answer) return [`${path}: ${answer.silence}`]
  const isGone = answer.status === 404 || (answer.status >= 200 && answer.status <= 299)
  return isGone ? [] : [`${path}: ${answer.status}`]
}
