/**
 * One connection of a client: its handshake, who signs in, and the SFTP sessions in it. Nothing else is served: no shell,
 * no commands, no forwarding.
 */
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { AuthContext, Connection as Client, PublicKeyAuthContext, SFTPWrapper } from 'ssh2'
import ssh2 from 'ssh2'
import type { Institution } from '../directory/institution.ts'
import { plainAddress } from '../limits/address.ts'
import type { Seat, Seats } from '../limits/seats.ts'
import type { Tries } from '../limits/tries.ts'
import { algorithms } from './algorithms.ts'
import type { Box } from './box.ts'
import type { HostKeys } from './host-keys.ts'
import type { Journal, Signed } from './journal.ts'
import { Refused } from './refused.ts'
import { RequestQueue } from './request-queue.ts'
import { Requests } from './requests.ts'
import type { Access, RefusalReason } from './sign-in.ts'
import { announceHostKeys, endWell, isChangingKeys, useKeyObjects } from './ssh2-inside.ts'
import type { Sender } from './uploads.ts'
import { Valve } from './valve.ts'

export type ConnectionOptions = {
  readonly hostKeys: HostKeys
  readonly access: Access
  readonly tries: Tries
  /** Those who have not signed in yet, by address. */
  readonly lobby: Seats
  /** Those who have, by institution. */
  readonly hall: Seats
  readonly boxOf: (institution: string) => Promise<Box>
  readonly journal: Journal
  readonly limits: ConnectionLimits
}

export type ConnectionLimits = {
  /** From the first byte until somebody has signed in. */
  readonly signInMs: number
  /** Without a request. */
  readonly idleMs: number
  /** Refused keys. */
  readonly tries: number
  readonly sessions: number
  /** Files and folders open at a time. */
  readonly handles: number
}

export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  signInMs: 20_000,
  idleMs: 30 * 60_000,
  tries: 6,
  sessions: 10,
  handles: 100,
}

/** Of all connections of an institution: a process has only so many. */
const MOST_HANDLES_OF_BOX = 400

const MOST_BYTES_OF_KEY_CHANGE = 1024 * 1024

type SignedConnection = Signed & { readonly username: string; readonly box: Box }

export class Connection {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #address: string
  readonly #valve: Valve
  readonly #sessions = new Set<Promise<void>>()
  readonly #requests = new Set<Requests>()
  #client: Client | undefined
  #signed: SignedConnection | undefined
  #seat: Seat | undefined
  #refused = 0
  #openSessions = 0
  #openHandles = 0
  #lastRequest = performance.now()
  readonly #cutOff: Promise<void>
  /** Resolves when it is closed and all that was under way is put away. */
  readonly closed: Promise<void>

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#address = plainAddress(socket.remoteAddress ?? '')
    this.#valve = new Valve(socket)
    this.#seat = options.lobby.take(this.#address, { isIdle: () => true, onOut: () => socket.destroy() })
    const patience = setTimeout(() => socket.destroy(), options.limits.signInMs)
    this.#cutOff = new Promise((resolve) => socket.once('close', () => resolve()))
    this.closed = this.#cutOff.then(async () => {
      clearTimeout(patience)
      this.#seat?.leave()
      if (this.#signed !== undefined) options.journal.signedOut(this.#signed)
      await Promise.all(this.#sessions)
    })
    // The answers to small requests would otherwise wait for each other (Nagle): a third of the speed.
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    const server = new ssh2.Server(
      {
        hostKeys: options.hostKeys.current.map(({ privateKey }) => privateKey),
        ident: 'Matricula',
        algorithms: algorithms(),
      },
      (client) => this.#begin(client, patience),
    )
    server.injectSocket(socket)
  }

  get isIdle(): boolean {
    return [...this.#requests].every(({ isIdle }) => isIdle)
  }

  endIfIdle(): void {
    if (performance.now() - this.#lastRequest > this.#options.limits.idleMs) this.end()
  }

  /** Says goodbye; what is under way is interrupted. */
  end(): void {
    this.#client?.end()
    if (this.#client === undefined) this.#socket.destroy()
  }

  cut(): void {
    this.#socket.destroy()
  }

  #begin(client: Client, patience: NodeJS.Timeout): void {
    this.#client = client
    this.#valve.start()
    useKeyObjects(client)
    this.#boundKeyChanges(client)
    // A client that breaks the rules is its own affair; the connection ends.
    client.on('error', () => this.#socket.destroySoon())
    client.on('authentication', (context) => {
      this.#authenticate(context).catch((error) => {
        this.#options.journal.failed(error)
        context.reject(['publickey'])
      })
    })
    client.once('ready', () => {
      clearTimeout(patience)
      const { current, next } = this.#options.hostKeys
      announceHostKeys(client, [...current, ...next])
    })
    client.on('session', (accept, reject) => {
      if (this.#openSessions >= this.#options.limits.sessions) return reject()
      this.#openSessions++
      const session = accept()
      session.once('close', () => this.#openSessions--)
      session.once('sftp', (acceptSftp) => {
        if (this.#signed !== undefined) this.#serve(acceptSftp(), this.#signed)
      })
    })
  }

  /** Answers wait until keys are changed, and a client that sends on meanwhile does not mean to change them. */
  #boundKeyChanges(client: Client): void {
    let bytes = 0
    this.#socket.on('data', ({ length }: Buffer) => {
      bytes = isChangingKeys(client) ? bytes + length : 0
      if (bytes > MOST_BYTES_OF_KEY_CHANGE) this.cut()
    })
  }

  async #authenticate(context: AuthContext): Promise<void> {
    if (context.method === 'none') return context.reject(['publickey'])
    if (context.method !== 'publickey') return await this.#refuse(context, 'no_public_key')
    const { access, hall, boxOf, journal } = this.#options
    const { username, key, hashAlgo: hash } = context
    const signed = signatureIn(context)
    const verdict = await access.signIn({ username, address: this.#address, key, hash, ...(signed && { signed }) })
    if (verdict.kind === 'refused') return await this.#refuse(context, verdict.reason, verdict)
    if (signed === undefined) return context.accept()
    const { institution, fingerprint } = verdict
    const box = await boxOf(institution._id)
    // Who has gone meanwhile never came.
    if (this.#socket.destroyed) return
    const seat = hall.take(institution._id, { isIdle: () => this.isIdle, onOut: () => this.end() })
    if (seat === undefined) return await this.#refuse(context, 'too_many_connections', verdict)
    this.#seat?.leave()
    this.#seat = seat
    this.#signed = { institution, fingerprint, address: this.#address, username, box }
    journal.signedIn(this.#signed)
    context.accept()
  }

  async #refuse(
    context: AuthContext,
    reason: RefusalReason,
    about: { readonly institution?: Institution; readonly fingerprint?: string } = {},
  ): Promise<void> {
    this.#options.journal.refused(reason, { ...about, address: this.#address })
    await wait(this.#options.tries.failed(this.#address), undefined, { ref: false })
    if (++this.#refused >= this.#options.limits.tries) this.end()
    else context.reject(['publickey'])
  }

  #serve(sftp: SFTPWrapper, signed: SignedConnection): void {
    const { journal } = this.#options
    const queue = new RequestQueue(sftp, this.#valve, signed.box.held, (error) => journal.failed(error))
    const requests = new Requests({
      sftp,
      queue,
      box: signed.box,
      sender: () => this.#sender(),
      owner: signed.username.slice(0, 32),
      handles: this.#handles(signed.box),
      onRequest: () => {
        this.#lastRequest = performance.now()
        this.#seat?.touch()
      },
      onBytes: journal.bytes,
    })
    this.#requests.add(requests)
    // Broken packets: ssh2 closes the channel, and nothing more comes.
    sftp.on('error', () => this.#socket.destroySoon())
    const ended = new Promise<void>((resolve) => sftp.once('end', resolve))
    const serving = Promise.race([ended, this.#cutOff]).then(async () => {
      await queue.end()
      await requests.end(senderOf(signed))
      this.#requests.delete(requests)
      endWell(sftp)
    })
    const done: Promise<void> = serving.catch((error) => journal.failed(error)).finally(() => this.#sessions.delete(done))
    this.#sessions.add(done)
  }

  /** With the settings as they are now. @throws {Refused} when the key or the address no longer may, and ends it all */
  async #sender(): Promise<Sender> {
    const signed = this.#signed
    const institution = signed && (await this.#options.access.stillMay(signed.username, signed.fingerprint, this.#address))
    if (signed !== undefined && institution?._id === signed.institution._id) return senderOf({ ...signed, institution })
    setImmediate(() => this.end())
    throw new Refused('PERMISSION_DENIED', 'this key may no longer be used here')
  }

  #handles(box: Box) {
    const { handles: most } = this.#options.limits
    return {
      take: () => {
        if (this.#openHandles >= most || box.openHandles >= MOST_HANDLES_OF_BOX) return false
        this.#openHandles++
        box.openHandles++
        return true
      },
      give: () => {
        this.#openHandles--
        box.openHandles--
      },
    }
  }
}

function senderOf({ institution, fingerprint }: Signed): Sender {
  return { institution, by: { source: 'file', credential: `sftp:${fingerprint}` } }
}

function signatureIn({ blob, signature }: PublicKeyAuthContext) {
  return blob === undefined || signature === undefined ? undefined : { blob, signature }
}
