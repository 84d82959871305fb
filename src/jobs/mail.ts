/**
 * Messages by e-mail, through the SMTP server that the environment names; each recipient gets one of its own.
 */
import { createTransport } from 'nodemailer'
import type { Send } from './deliveries.ts'

export type SmtpServer = {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; else STARTTLS where it is offered. */
  readonly isTls: boolean
  readonly user?: string
  readonly password?: string
}

export type MailOptions = {
  readonly server: SmtpServer
  /** The sender. */
  readonly from: string
  /** Whether the SMTP server runs on this machine: then a password may go to it without TLS. */
  readonly isLocal: boolean
}

const TIMEOUT_MS = 15_000

export function mailSender({ server, from, isLocal }: MailOptions): Send {
  const { host, port, isTls, user, password = '' } = server
  const transport = createTransport({
    host,
    port,
    secure: isTls,
    requireTLS: user !== undefined && !isLocal,
    ...(user !== undefined && { auth: { user, pass: password } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return async ({ message, to }, _, signal) => {
    if (to.kind !== 'email') throw new Error('only e-mail goes out here')
    const { id, subject, text, at } = message
    const domain = from.slice(from.lastIndexOf('@') + 1).replace(/>$/, '')
    try {
      await transport.sendMail({
        from,
        to: { name: '', address: to.address },
        subject,
        text,
        date: new Date(at),
        // The same at every attempt, so that a mail program shows one.
        messageId: `<${id}@${domain}>`,
        headers: { 'auto-submitted': 'auto-generated' },
        signal,
      })
      return { kind: 'delivered' }
    } catch (error) {
      return { kind: 'failed', why: saysOf(error) }
    }
  }
}

/** Without the answer itself, which may name the recipient. */
function saysOf(error: unknown): string {
  const { code, responseCode, message } = Object(error) as { code?: string; responseCode?: number; message?: string }
  if (responseCode !== undefined) return `the SMTP server answered ${responseCode} (${code})`
  return message ?? String(error)
}
