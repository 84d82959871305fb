/**
 * Changes of institutions with all that goes with their settings: what channels have to say about those of their own,
 * and what seals a secret among them.
 */
import { sealWith } from '../auth/seal.ts'
import { secretKeyFrom } from '../auth/secret-key.ts'
import { settingSealer } from '../auth/setting-secrets.ts'
import { configFrom } from '../config.ts'
import type { Problem } from '../directory/change.ts'
import type { Terminal } from './command.ts'

/** Loaded when it is needed: other commands start sooner without what compiles the schema. */
export async function settingsChanges(institution: string, { environment }: Terminal) {
  const [changes, { issuerProblems }, { fileProblems }, { sftpProblems }, { samlRuleProblems }, { certificateProblems }] =
    await Promise.all([
      import('../directory/institution-changes.ts'),
      import('../auth/trusted-issuers.ts'),
      import('../flatfile/settings.ts'),
      import('../sftp/settings.ts'),
      import('../saml/rules.ts'),
      import('../saml/certificates.ts'),
    ])
  // The key is asked for, and made where there is none, only when there is a secret to seal.
  const sealSecret = settingSealer(institution, async () => sealWith(await secretKeyFrom(configFrom(environment))))
  return {
    ...changes,
    rules: { checks: [issuerProblems, fileProblems, sftpProblems, samlRuleProblems, certificateProblems], sealSecret },
  }
}

export function problemsIn(problems: readonly Problem[]): string {
  const messages = problems.map(({ message }) => message)
  return messages.length === 1 ? String(messages[0]) : `${messages.length} things are wrong:\n  ${messages.join('\n  ')}`
}
