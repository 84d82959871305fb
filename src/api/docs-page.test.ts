import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { docsPages } from './docs-page.ts'
import { openApiDocument } from './openapi.ts'

describe('the description of the API', () => {
  it('is put together once, and shows each institution its own address', async () => {
    const { paths, ...rest } = openApiDocument('')
    let reads = 0
    const page = docsPages({
      ...rest,
      get paths() {
        reads++
        return paths
      },
    })
    const told = async (base: string) => (await page(base)).text()
    const [north, south] = [await told('http://a/institutions/north/api/v1'), await told('http://a/institutions/south/api/v1')]
    assert.equal(reads, 1)
    assert.match(north, /<code>http:\/\/a\/institutions\/north\/api\/v1<\/code>/)
    assert.equal(south, north.replaceAll('north', 'south'))
  })

  it('takes no text of an address for HTML', async () => {
    const page = await docsPages(openApiDocument(''))('http://a/"<b>')
    assert.match(await page.text(), /<code>http:\/\/a\/&quot;&lt;b&gt;<\/code>/)
  })
})
