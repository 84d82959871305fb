/**
 * What to look up in the store for a batch: ids and folded keys, each once.
 */
import type { Store } from '../store/store.ts'
import type { Change } from './change.ts'
import type { Key, Keys, User } from './user.ts'
import type { Entry } from './working-set.ts'

export class Wanted {
  readonly #ids = new Set<string>()
  readonly #values = new Map<string, Set<string>>()

  /** Whom the changes name. The e-mail is asked for as userName too, since that is what a derived userName will be. */
  static by(changes: readonly Change[]): Wanted {
    const wanted = new Wanted()
    for (const { target } of changes) {
      if ('id' in target) {
        wanted.#ids.add(target.id)
        continue
      }
      for (const key in target.keys) wanted.#add(key, target.keys[key as Key] as string)
      if (target.keys.email !== undefined) wanted.#add('userName', target.keys.email)
    }
    return wanted
  }

  /** Of the keys that these records are to have, if only between two changes, and had not, those that are not in here. */
  lacking(entries: readonly Entry[]): Wanted {
    const lacking = new Wanted()
    for (const { stored, next, between } of entries) {
      this.#leaveLacking(lacking, stored?.keys, next.keys)
      for (const keys of between ?? []) this.#leaveLacking(lacking, stored?.keys, keys)
    }
    return lacking
  }

  #leaveLacking(lacking: Wanted, stored: Keys | undefined, keys: Keys): void {
    for (const name in keys) {
      const key = name as Key
      const value = keys[key] as string
      if (stored?.[key] !== value && !this.#values.get(key)?.has(value)) lacking.#add(key, value)
    }
  }

  merge(other: Wanted): void {
    for (const [key, values] of other.#values) for (const value of values) this.#add(key, value)
  }

  async lookUp(store: Store, institution: string): Promise<User[]> {
    if (this.#ids.size === 0 && this.#values.size === 0) return []
    const keys = Object.fromEntries(Array.from(this.#values, ([key, values]) => [key, [...values]]))
    return (await store.lookUp('users', institution, { ids: [...this.#ids], keys })) as User[]
  }

  #add(key: string, value: string): void {
    const values = this.#values.get(key)
    if (values === undefined) this.#values.set(key, new Set([value]))
    else values.add(value)
  }
}
