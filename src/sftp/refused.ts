/**
 * A request that is refused: the status of SFTP (draft-ietf-secsh-filexfer-02 section 7) and a sentence for whoever sees
 * it. Thrown inside the drop box, made an answer in one place (`request-queue.ts`).
 */
import ssh2 from 'ssh2'
import { hasCode, isDiskFull, isSystemError } from '../file-errors.ts'

export const { STATUS_CODE, OPEN_MODE } = ssh2.utils.sftp

export class Refused extends Error {
  override name = 'Refused'
  readonly status: keyof typeof STATUS_CODE
  constructor(status: keyof typeof STATUS_CODE, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

export const NO_SUCH_FILE = 'there is no such file'

/** What the operating system says, where a client should know it. */
export function refusedBy(error: unknown): Refused | undefined {
  if (!isSystemError(error)) return undefined
  if (hasCode(error, 'ENOENT')) return new Refused('NO_SUCH_FILE', NO_SUCH_FILE, { cause: error })
  if (isDiskFull(error)) return new Refused('FAILURE', 'the disk of the server is full', { cause: error })
  return undefined
}
