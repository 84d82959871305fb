/**
 * A store with other methods in place of some of its own: to count what is asked of it, to hold it up, to let it fail.
 */
import type { Store } from '../src/store/store.ts'

export function storeWith(store: Store, methods: Partial<Store>): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(name in methods ? methods : target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
