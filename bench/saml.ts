/**
 * Sign-ins over HTTP: people who come for the first time, then the same people again. The answers are signed between the
 * two steps of each sign-in, and that time is not counted: it is the identity provider's.
 */
import type { Begun, Service } from '../test/saml/visitor.ts'
import { answerFor, begin, post } from '../test/saml/visitor.ts'
import { IDP_SETTINGS } from '../test/saml/web.ts'
import { percentile, say, table } from './figures.ts'
import { cpuSeconds } from './process.ts'
import type { Server } from './servers.ts'
import { INSTITUTION, openFolder, startMatricula } from './servers.ts'

export type SamlOptions = { readonly people: number; readonly progress: (text: string) => void }

const CONNECTIONS = 16

/** A step of all sign-ins. */
type Step = { readonly perSecond: number; readonly cpu: number; readonly p50: number; readonly p99: number }

export async function measureSaml({ people, progress }: SamlOptions): Promise<string> {
  await using folder = await openFolder()
  await using server = await startMatricula(folder.path, { saml: { idp: IDP_SETTINGS, accountType: { default: 'Student' } } })
  const origin = new URL(server.url).origin
  const service = { origin, publicUrl: origin, institution: INSTITUTION }
  const rows: string[][] = []
  for (const who of ['new', 'known']) {
    const { asked, answered } = await signIn(server, service, people)
    const together = 1 / (1 / asked.perSecond + 1 / answered.perSecond)
    progress(`${who}: ${say(together)} sign-ins a second`)
    rows.push([who, say(together), ...told(asked), ...told(answered)])
  }
  const steps = ['request', 'answer'].flatMap((step) => [`${step} /s`, `${step} CPU µs`, `${step} p50 ms`, `${step} p99 ms`])
  const what = `${say(people)} people, ${CONNECTIONS} at once; RSA 2048; a sign-in is a request and an answer`
  return `## Sign-ins\n\n${what}\n\n${table(['people', 'sign-ins /s', ...steps], rows)}\n`
}

async function signIn(server: Server, service: Service, people: number) {
  const begun: Begun[] = []
  const asked = await measured(server, people, async (number) => {
    begun[number] = await begin(service)
  })
  const bodies = begun.map(({ id }, number) => answerFor(service, id, personOf(number)))
  const answered = await measured(server, people, async (number) => {
    const response = await post(service, String(bodies[number]), begun[number]?.cookie)
    await response.body?.cancel()
    if (response.status !== 303) throw new Error(`a sign-in was answered ${response.status}`)
  })
  return { asked, answered }
}

async function measured(server: Server, times: number, work: (number: number) => Promise<void>): Promise<Step> {
  const latencies: number[] = []
  const cpu = await cpuSeconds(server.pid)
  const began = performance.now()
  let next = 0
  const one = async () => {
    while (next < times) {
      const number = next++
      const from = performance.now()
      await work(number)
      latencies.push(performance.now() - from)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, one))
  const seconds = (performance.now() - began) / 1000
  latencies.sort((a, b) => a - b)
  return {
    perSecond: times / seconds,
    cpu: ((await cpuSeconds(server.pid)) - cpu) * (1_000_000 / times),
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  }
}

function told({ perSecond, cpu, p50, p99 }: Step): string[] {
  return [perSecond, cpu, p50, p99].map(say)
}

function personOf(number: number) {
  return {
    uid: [`p${number}`],
    mail: [`p${number}@uni.example`],
    givenName: [`First${number}`],
    sn: [`Last${number}`],
    eduPersonAffiliation: ['member', 'student'],
  }
}
