/**
 * Requests whose body comes in pieces of a byte, of which one packet holds thousands: each costs this server as much as a
 * large one, and hundreds of times what it costs who sends it. Programs that write a line or a word at a time are served.
 */
import { IncomingMessage } from 'node:http'

/** Of such pieces there may be any number; of smaller ones so many more than their bytes would make. */
const FAIR_BYTES = 16
const MOST_TOO_SMALL = 4096

/** For `http.createServer({IncomingMessage})`: cuts the connection where the pieces are too small for too long. */
export class RequestInPieces extends IncomingMessage {
  #tooSmall = 0

  override push(piece: Buffer | null): boolean {
    if (piece === null) return super.push(null)
    this.#tooSmall += 1 - piece.length / FAIR_BYTES
    if (this.#tooSmall <= MOST_TOO_SMALL) return super.push(piece)
    this.socket.destroy()
    return false
  }
}
