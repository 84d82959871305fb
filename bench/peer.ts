/**
 * The peer: scimmy-routers on express over a Map, set up as its documents say. Nothing it keeps is durable.
 */
import { createRequire } from 'node:module'
import SCIMMY from 'scimmy'
import SCIMMYRouters from 'scimmy-routers'
import { newId } from '../src/directory/ids.ts'

type Stored = { id: string; [name: string]: unknown }
type Express = { use(path: string, handler: unknown): void; listen(port: number, host: string): void }

// Express brings no types of its own, and these two methods are all that is wanted of it.
const express: () => Express = createRequire(import.meta.url)('express')

const users = new Map<string, Stored>()

SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser))
  .ingress((resource, data) => {
    const id = resource.id ?? newId(Date.now())
    if (resource.id !== undefined && !users.has(id)) throw new SCIMMY.Types.Error(404, '', `Resource ${id} not found`)
    const stored = { ...JSON.parse(JSON.stringify(data)), id } as Stored
    users.set(id, stored)
    return stored as never
  })
  .egress((resource) => {
    if (resource.id !== undefined) {
      const found = users.get(resource.id)
      if (found === undefined) throw new SCIMMY.Types.Error(404, '', `Resource ${resource.id} not found`)
      return found as never
    }
    const all = [...users.values()]
    return (resource.filter ? resource.filter.match(all) : all) as never
  })
  .degress((resource) => {
    if (!users.delete(String(resource.id))) throw new SCIMMY.Types.Error(404, '', `Resource ${resource.id} not found`)
  })

const app = express()
app.use(
  '/scim',
  new SCIMMYRouters({
    type: 'bearer',
    handler: (request: { header(name: string): string | undefined }) => {
      if (!request.header('Authorization')?.startsWith('Bearer ')) throw new Error('Authorization not detected!')
      return 'bench'
    },
  }),
)
app.listen(Number(process.argv[2]), '127.0.0.1')
