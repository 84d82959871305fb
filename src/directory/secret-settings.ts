/**
 * Settings that are secrets: the schema says `writeOnly` of them. They are sealed before they are stored, so that what
 * is stored, shown, or written to the audit trail tells nobody anything.
 */
import schema from '../../schemas/institution.schema.json' with { type: 'json' }
import { isList, isObject } from './json.ts'
import type { Settings } from './settings.ts'
import type { Json } from './user.ts'

/**
 * @param secret as the administrator gave it, or sealed already
 * @param current what is set, sealed
 * @returns what to store: `current` where that says the same
 */
export type SealSecret = (secret: string, current: string | undefined) => string | Promise<string>

/** What the schema of one setting says of those inside it. */
type Node = {
  readonly description?: string
  readonly $ref?: string
  readonly writeOnly?: boolean
  readonly properties?: { readonly [name: string]: Node }
  readonly additionalProperties?: Node | boolean
  readonly items?: Node
}

const DEFINITIONS: ReadonlyMap<string, Node> = new Map(Object.entries<Node>(schema.definitions))

export async function sealSecrets(settings: Settings, current: Settings, seal: SealSecret): Promise<Settings> {
  return (await sealed(settings as Json, current as Json, schema as Node, seal)) as Settings
}

async function sealed(value: Json, current: Json | undefined, node: Node | undefined, seal: SealSecret): Promise<Json> {
  const known = node?.$ref === undefined ? node : DEFINITIONS.get(node.$ref.slice('#/definitions/'.length))
  if (typeof value === 'string' && known?.writeOnly) return seal(value, typeof current === 'string' ? current : undefined)
  if (isList(value)) {
    const before = isList(current) ? current : []
    return Promise.all(value.map((item, index) => sealed(item, before[index], known?.items, seal)))
  }
  if (!isObject(value)) return value
  const before = isObject(current) ? current : {}
  const inside = Object.entries(value).map(async ([name, inner]) => {
    return [name, await sealed(inner, before[name], known && within(known, name), seal)] as const
  })
  return Object.fromEntries(await Promise.all(inside))
}

function within({ properties, additionalProperties }: Node, name: string): Node | undefined {
  if (properties && Object.hasOwn(properties, name)) return properties[name]
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}
