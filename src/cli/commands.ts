/**
 * All commands, in the order in which the help shows them.
 */
import { client } from './client.ts'
import type { Command } from './command.ts'
import { conformance } from './conformance.ts'
import { files } from './files.ts'
import { importFile } from './import.ts'
import { institution } from './institution.ts'
import { saml } from './saml.ts'
import { serve } from './serve.ts'
import { sftp } from './sftp.ts'
import { template } from './template.ts'
import { token } from './token.ts'
import { user } from './user.ts'

export const MATRICULA: Command = {
  summary: 'The roll of a university: a SCIM 2.0 connector server that knows each person exactly once',
  help: `matricula COMMAND …

The roll of a university: a SCIM 2.0 connector server that knows each person exactly once.
"matricula COMMAND --help" says more; "matricula serve --help" lists the environment variables, which all commands read:
give them what the server has.`,
  commands: { serve, institution, token, client, user, import: importFile, files, sftp, template, saml, conformance },
}
