/**
 * Every file of dialogues: those of the RFCs by section, then those of clients.
 */
import authentik from './cases/dialogues/authentik.json' with { type: 'json' }
import campus from './cases/dialogues/campus.json' with { type: 'json' }
import entra from './cases/dialogues/entra.json' with { type: 'json' }
import google from './cases/dialogues/google.json' with { type: 'json' }
import jumpcloud from './cases/dialogues/jumpcloud.json' with { type: 'json' }
import okta from './cases/dialogues/okta.json' with { type: 'json' }
import onelogin from './cases/dialogues/onelogin.json' with { type: 'json' }
import bulk from './cases/dialogues/rfc-bulk.json' with { type: 'json' }
import create from './cases/dialogues/rfc-create-read-delete.json' with { type: 'json' }
import discovery from './cases/dialogues/rfc-discovery.json' with { type: 'json' }
import groups from './cases/dialogues/rfc-groups.json' with { type: 'json' }
import lists from './cases/dialogues/rfc-lists.json' with { type: 'json' }
import patch from './cases/dialogues/rfc-patch.json' with { type: 'json' }
import patchGroups from './cases/dialogues/rfc-patch-groups.json' with { type: 'json' }
import protocol from './cases/dialogues/rfc-protocol.json' with { type: 'json' }
import put from './cases/dialogues/rfc-put.json' with { type: 'json' }
import resources from './cases/dialogues/rfc-resources.json' with { type: 'json' }
import users from './cases/dialogues/rfc-users.json' with { type: 'json' }
import type { Dialogue } from './dialogue.ts'
import type { DialogueFile } from './written.ts'
import { parseFiles, writeOut } from './written.ts'

const OF_RFCS: readonly unknown[] = [resources, users, groups, discovery, create, lists, put, patch, patchGroups, bulk, protocol]
const OF_CLIENTS: readonly unknown[] = [entra, okta, onelogin, authentik, jumpcloud, google, campus]

let parsed: readonly DialogueFile[] | undefined

/** Every dialogue, by dialect, in the order of the files. */
export function readDialogues(): Dialogue[] {
  return read().flatMap(writeOut)
}

/** Dialect -> what it is. */
export function readDialects(): Map<string, string> {
  return new Map(read().map(({ dialect, about }) => [dialect, about]))
}

/** Checked against the schema once. */
function read(): readonly DialogueFile[] {
  parsed ??= parseFiles([...OF_RFCS, ...OF_CLIENTS])
  return parsed
}
