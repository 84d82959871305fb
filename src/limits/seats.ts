/**
 * Bounded numbers of what is open at a time: in all, and for each group. Where there is no seat left, whoever has sat idle
 * longest in the fullest group loses theirs; only when all are busy is nobody let in.
 */

export type Seat = {
  /** Says that its holder does something: the longest idle goes first. */
  touch(): void
  leave(): void
}

export type Sitter = {
  readonly isIdle: () => boolean
  /** Is put out. */
  readonly onOut: () => void
}

export class Seats {
  readonly #total: number
  readonly #perGroup: number
  /** In each group the longest untouched comes first. */
  readonly #groups = new Map<string, Set<Sitter>>()
  #count = 0

  constructor({ total, perGroup }: { readonly total: number; readonly perGroup: number }) {
    this.#total = total
    this.#perGroup = perGroup
  }

  get count(): number {
    return this.#count
  }

  /** @returns undefined when all are busy */
  take(group: string, sitter: Sitter): Seat | undefined {
    const own = this.#groups.get(group) ?? new Set<Sitter>()
    if (own.size >= this.#perGroup && !this.#putOut(group, own)) return undefined
    if (this.#count >= this.#total && !this.#putOutOfFullest()) return undefined
    own.add(sitter)
    this.#groups.set(group, own)
    this.#count++
    return {
      touch: () => {
        if (own.delete(sitter)) own.add(sitter)
      },
      leave: () => this.#leave(group, own, sitter),
    }
  }

  #putOutOfFullest(): boolean {
    const fullestFirst = [...this.#groups].sort(([, a], [, b]) => b.size - a.size)
    return fullestFirst.some(([group, sitters]) => this.#putOut(group, sitters))
  }

  #putOut(group: string, sitters: Set<Sitter>): boolean {
    for (const sitter of sitters) {
      if (!sitter.isIdle()) continue
      this.#leave(group, sitters, sitter)
      sitter.onOut()
      return true
    }
    return false
  }

  #leave(group: string, sitters: Set<Sitter>, sitter: Sitter): void {
    if (!sitters.delete(sitter)) return
    this.#count--
    if (sitters.size === 0 && this.#groups.get(group) === sitters) this.#groups.delete(group)
  }
}
