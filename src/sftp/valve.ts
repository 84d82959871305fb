/**
 * What comes in over a connection: taken as long as nobody holds it up. A client that sends and does not read is not
 * listened to until it has read.
 */
import type { Socket } from 'node:net'

/** As Node counts what a socket has not sent. */
const MOST_UNSENT_BYTES = 1024 * 1024

export class Valve {
  readonly #socket: Socket
  readonly #holders = new Set<object>()
  readonly #watchers = new Set<() => void>()

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** To be called once whoever reads the connection listens to it: what they have done is seen then. */
  start(): void {
    this.#socket.on('data', this.#look)
    this.#socket.on('drain', this.#look)
  }

  get isBackedUp(): boolean {
    return this.#socket.writableLength >= MOST_UNSENT_BYTES
  }

  shut(holder: object): void {
    this.#holders.add(holder)
    this.#socket.pause()
  }

  open(holder: object): void {
    if (this.#holders.delete(holder) && this.#holders.size === 0) this.#socket.resume()
  }

  /** What is sent meanwhile goes out in one piece. */
  sendTogether(send: () => void): void {
    this.#socket.cork()
    send()
    this.#socket.uncork()
  }

  /** @param look called whenever something has come in, or all has gone out */
  watch(look: () => void): void {
    this.#watchers.add(look)
  }

  unwatch(look: () => void): void {
    this.#watchers.delete(look)
  }

  cut(): void {
    this.#socket.destroy()
  }

  readonly #look = (): void => {
    if (this.isBackedUp) this.shut(this)
    else this.open(this)
    for (const look of this.#watchers) look()
  }
}
