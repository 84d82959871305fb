/**
 * Messages to an institution's webhook, signed as Standard Webhooks 1.0.0 says (standardwebhooks.com): `webhook-id`,
 * `webhook-timestamp`, and `webhook-signature` over both and the body by HMAC-SHA256.
 */
import { createHmac } from 'node:crypto'
import { isoTime } from '../days.ts'
import type { Inbound } from '../limits/outbound.ts'
import { askOutside } from '../limits/outbound.ts'
import type { Message, Send, Sent } from './deliveries.ts'

export type WebhookOptions = {
  /** @throws when the secret does not open */
  readonly openSecret: (institution: string, sealed: string) => string
  /** Whether only this machine can reach the server. */
  readonly isLocal: boolean
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 15_000
/** What comes back is not looked at. */
const MAX_BYTES = 65_536
const GONE = 410

export function webhookSender({ openSecret, isLocal, timeoutMs = TIMEOUT_MS }: WebhookOptions): Send {
  return async ({ message, institution }, { settings }, signal) => {
    const webhook = settings.files?.notify?.webhook
    if (!webhook) return { kind: 'refused', why: 'there is no webhook any more' }
    try {
      const body = JSON.stringify(payload(message))
      const timestamp = String(Math.floor(Date.now() / 1000))
      const signature = sign(openSecret(institution, webhook.secret), `${message.id}.${timestamp}.${body}`)
      const headers = {
        'content-type': 'application/json',
        'webhook-id': message.id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      }
      const { url } = webhook
      return told(await askOutside({ url, method: 'POST', headers, body, timeoutMs, maxBytes: MAX_BYTES, isLocal, signal }))
    } catch (error) {
      return { kind: 'failed', why: error instanceof Error ? error.message : String(error) }
    }
  }
}

function payload({ type, at, data }: Message) {
  return { type, timestamp: isoTime(at), data }
}

function sign(secret: string, content: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  return createHmac('sha256', key).update(content).digest('base64')
}

function told({ status, headers }: Inbound): Sent {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const why = `it answered ${status}${status >= 300 && status < 400 ? ', and redirects are not followed' : ''}`
  if (status === GONE) return { kind: 'refused', why }
  const notBeforeMs = retryAfterMs(headers['retry-after'])
  return { kind: 'failed', why, ...(notBeforeMs !== undefined && { notBeforeMs }) }
}

/** RFC 9110 section 10.2.3: seconds or a date. */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return ms > 0 ? ms : undefined
}
