/**
 * The requests of one SFTP session: done one after the other, in the order in which they came. A client may send many
 * before it reads an answer; how many, and how much of what it has written, is bounded, and so is what waits to be sent
 * to a client that does not read.
 */
import type { Attributes, FileEntry, SFTPWrapper } from 'ssh2'
import { Refused, refusedBy, STATUS_CODE } from './refused.ts'
import { windowOf } from './ssh2-inside.ts'
import type { Valve } from './valve.ts'

export type Answer =
  | { readonly kind: 'ok' }
  | { readonly kind: 'end' }
  | { readonly kind: 'refused'; readonly refused: Refused }
  | { readonly kind: 'handle'; readonly handle: Buffer }
  | { readonly kind: 'data'; readonly data: Buffer }
  | { readonly kind: 'names'; readonly names: FileEntry[] }
  | { readonly kind: 'attributes'; readonly attributes: Attributes }

export type Request = {
  /** As the client numbers it. */
  readonly id: number
  /** Held in memory until it is done. */
  readonly bytes: number
  /** Present where it writes: what goes on where it ends is done with it. */
  readonly write?: { readonly handle: Buffer; readonly offset: number; readonly data: Buffer }
  /** @param more data of the requests that are done with it */
  readonly work: (more: readonly Buffer[]) => Promise<Answer>
}

/** More of either, and nothing is taken from the connection until half of it is done. */
const MOST_BYTES = 4 * 1024 * 1024
/** All sessions of an institution together: past this each may hold little. */
const MOST_BYTES_OF_ALL = 128 * 1024 * 1024
const FEW_BYTES = 256 * 1024
const MOST_REQUESTS = 4096
/**
 * A client whose window is full must still be listened to, since only it can open the window. Paramiko asks for all of a
 * file at once, 32 kB a request: so this is a file of 2 GB.
 */
const MOST_UNSENT_REQUESTS = 65_536
/** Written in one go. */
const MOST_WRITES = 64

/** What the requests of all sessions of an institution hold in memory. */
export type Held = { bytes: number }

export class RequestQueue {
  readonly #channel: SFTPWrapper
  readonly #valve: Valve
  readonly #held: Held
  readonly #onFailure: (error: unknown) => void
  /** Those that are done are let go of at once: they may hold what a client has written. */
  readonly #requests: (Request | undefined)[] = []
  /** How many of them, from the first, are done: taking each off the front would move all others. */
  #done = 0
  #bytes = 0
  #work: Promise<void> | undefined
  #mayGoOn: (() => void) | undefined
  #isGone = false

  /** @param onFailure told of what must not happen; the client is told that the server failed */
  constructor(sftp: SFTPWrapper, valve: Valve, held: Held, onFailure: (error: unknown) => void) {
    this.#channel = sftp
    this.#valve = valve
    this.#held = held
    this.#onFailure = onFailure
    valve.watch(this.#look)
  }

  add(request: Request): void {
    if (this.#isGone) return
    this.#requests.push(request)
    this.#hold(request.bytes)
    if (this.#isPastBearing) {
      this.#valve.cut()
      return
    }
    this.#work ??= this.#workOff()
    this.#flow()
  }

  /** Nothing more will come, and nobody reads answers; resolves when all that came is done. */
  async end(): Promise<void> {
    this.#isGone = true
    this.#mayGoOn?.()
    await this.#work
    this.#valve.unwatch(this.#look)
    this.#valve.open(this)
  }

  #hold(bytes: number): void {
    this.#bytes += bytes
    this.#held.bytes += bytes
  }

  /** Who can be held up never comes so far. */
  get #isPastBearing(): boolean {
    const most = windowOf(this.#channel) === 0 ? this.#mostBytes : MOST_BYTES
    return this.#count > MOST_UNSENT_REQUESTS || this.#bytes > 4 * most
  }

  get #mostBytes(): number {
    return this.#held.bytes > MOST_BYTES_OF_ALL ? FEW_BYTES : MOST_BYTES
  }

  get #count(): number {
    return this.#requests.length - this.#done
  }

  async #workOff(): Promise<void> {
    for (let together = this.#next(); together.length > 0; together = this.#next()) {
      if (!this.#canSend()) await this.#untilItCan()
      await this.#do(together)
      this.#hold(-together.reduce((sum, { bytes }) => sum + bytes, 0))
      this.#flow()
    }
    this.#work = undefined
  }

  /** The first that waits; of writes also those that go on where it ends. */
  #next(): Request[] {
    const together: Request[] = []
    for (const request of this.#requests.slice(this.#done, this.#done + MOST_WRITES)) {
      if (request === undefined || (together.length > 0 && !goesOn(together.at(-1), request))) break
      together.push(request)
    }
    this.#requests.fill(undefined, this.#done, this.#done + together.length)
    this.#done += together.length
    if (this.#done > MOST_REQUESTS || this.#count === 0) {
      this.#requests.splice(0, this.#done)
      this.#done = 0
    }
    return together
  }

  async #do([first, ...more]: readonly Request[]): Promise<void> {
    if (first === undefined) return
    const answer = await this.#answerTo(first, more)
    this.#valve.sendTogether(() => {
      for (const { id } of [first, ...more]) this.#send(id, answer)
    })
  }

  async #answerTo(first: Request, more: readonly Request[]): Promise<Answer> {
    try {
      return await first.work(more.flatMap(({ write }) => write?.data ?? []))
    } catch (error) {
      const refused = error instanceof Refused ? error : refusedBy(error)
      if (refused !== undefined) return { kind: 'refused', refused }
      this.#onFailure(error)
      return { kind: 'refused', refused: new Refused('FAILURE', 'the server failed; the failure has been recorded') }
    }
  }

  #send(id: number, answer: Answer): void {
    const channel = this.#channel
    switch (answer.kind) {
      case 'ok':
        channel.status(id, STATUS_CODE.OK)
        break
      case 'end':
        channel.status(id, STATUS_CODE.EOF)
        break
      case 'refused':
        channel.status(id, STATUS_CODE[answer.refused.status], answer.refused.message)
        break
      case 'handle':
        channel.handle(id, answer.handle)
        break
      case 'data':
        channel.data(id, answer.data)
        break
      case 'names':
        channel.name(id, answer.names)
        break
      case 'attributes':
        channel.attrs(id, answer.attributes)
        break
      default:
        answer satisfies never
    }
  }

  #canSend(): boolean {
    return this.#isGone || (windowOf(this.#channel) > 0 && !this.#valve.isBackedUp)
  }

  async #untilItCan(): Promise<void> {
    while (!this.#canSend()) {
      this.#flow()
      await new Promise<void>((resolve) => {
        this.#mayGoOn = resolve
      })
    }
    this.#mayGoOn = undefined
  }

  readonly #look = (): void => this.#mayGoOn?.()

  /** Holds the connection up when too much has come, but not while it is the client who has to open its window. */
  #flow(): void {
    const [bytes, requests] = [this.#bytes, this.#count]
    const mostBytes = this.#mostBytes
    const isTooMuch = bytes > mostBytes || requests > MOST_REQUESTS
    const isLittle = bytes < mostBytes / 2 && requests < MOST_REQUESTS / 2
    if (isLittle || windowOf(this.#channel) === 0) this.#valve.open(this)
    else if (isTooMuch) this.#valve.shut(this)
  }
}

function goesOn(before: Request | undefined, { write }: Request): boolean {
  const last = before?.write
  if (last === undefined || write === undefined) return false
  return write.offset === last.offset + last.data.length && write.handle.equals(last.handle)
}
