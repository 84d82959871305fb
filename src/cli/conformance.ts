/**
 * `matricula conformance`: the conformance suite against any SCIM server.
 */
import type { CheckResult } from '../../conformance/check.ts'
import type { Options } from '../../conformance/run.ts'
import { didYouMean } from '../directory/near-miss.ts'
import type { Command, Terminal } from './command.ts'
import { DONE, NOT_DONE, Refusal, read } from './command.ts'
import { untilToldToStop } from './signals.ts'

export const conformance: Command = {
  summary: 'check any SCIM server against the RFCs and what clients send',
  help: `matricula conformance URL --token TOKEN [--dialect NAME] [--only TEXT] [--api-token TOKEN] [--timeout SECONDS] [--json]

Plays what identity providers send, and what the RFCs ask, against the SCIM server at URL, and shows each check with
its section and, where it failed, the step, what was expected and what came. What the server does not offer is counted
apart. Everything that the suite makes there it deletes again. Exit code 1 when a check failed.

  --token TOKEN      bearer token of a SCIM client
  --dialect NAME     only these checks: entra, okta, onelogin, authentik, jumpcloud, google, rfc, campus; several with commas
  --only TEXT        only checks whose name contains the text, for example entra/patch
  --api-token TOKEN  bearer token for the REST interface of a Matricula, which a few checks need too
  --timeout SECONDS  how long one request may take (10)
  --json             one JSON document instead of text

Examples:
  matricula conformance http://127.0.0.1:3000/institutions/demo/scim/v2 --token "$TOKEN"
  matricula conformance https://scim.example/v2 --token "$TOKEN" --dialect entra,okta --json > report.json`,
  async run(args, terminal) {
    const { options, words } = read(args, {
      options: { token: 'text', 'api-token': 'text', dialect: 'text', only: 'text', timeout: 'text', json: 'flag' },
      words: ['URL'],
    })
    const suite = await loadSuite()
    const stop = new AbortController()
    void untilToldToStop().then(() => stop.abort())
    const asked: Options = {
      url: urlIn(words[0]),
      token: tokenIn(options.token),
      signal: stop.signal,
      ...(options['api-token'] !== undefined && { apiToken: options['api-token'] }),
      ...(options.dialect !== undefined && { dialects: dialectsIn(options.dialect, [...suite.readDialects().keys()]) }),
      ...(options.only !== undefined && { only: [options.only] }),
      ...(options.timeout !== undefined && { timeoutMs: timeoutIn(options.timeout) }),
    }
    if (suite.countChecks(asked) === 0) throw new Refusal(`there is no check with "${options.only}" in its name`)
    const results = await show(suite, asked, options.json === true, terminal)
    return results.some(({ verdict }) => verdict === 'failed') ? NOT_DONE : DONE
  },
}

type Suite = Awaited<ReturnType<typeof loadSuite>>

/** Loaded here, since no other command needs it. */
async function loadSuite() {
  const [{ readDialects }, { count, sayCounts, sayJson, TextReport }, { countChecks, runConformance }] = await Promise.all([
    import('../../conformance/dialogue.ts'),
    import('../../conformance/report.ts'),
    import('../../conformance/run.ts'),
  ])
  return { readDialects, count, sayCounts, sayJson, TextReport, countChecks, runConformance }
}

/** Shows each result as it comes, or all of them as one document at the end, with a count on the terminal meanwhile. */
async function show(suite: Suite, asked: Options, isJson: boolean, { out }: Terminal): Promise<CheckResult[]> {
  const report = new suite.TextReport(!isJson && process.stdout.hasColors?.() === true)
  const bar = process.stderr.isTTY && (isJson || !process.stdout.isTTY) ? process.stderr : undefined
  const total = suite.countChecks(asked)
  const results: CheckResult[] = []
  for await (const result of suite.runConformance(asked)) {
    results.push(result)
    if (!isJson) out(report.say(result))
    bar?.write(`\r${results.length} of ${total} checks`)
  }
  bar?.write('\n')
  out(isJson ? suite.sayJson(asked.url, results) : `\n${suite.sayCounts(suite.count(results))}`)
  return results
}

function urlIn(found: string): string {
  if (/^https?:$/.test(URL.parse(found)?.protocol ?? '')) return found
  throw new Refusal(`"${found}" is no address of a SCIM server, for example http://127.0.0.1:3000/institutions/demo/scim/v2`)
}

function tokenIn(found: string | undefined): string {
  if (found !== undefined && /^[\x21-\x7e]+$/.test(found)) return found
  throw new Refusal(found === undefined ? '--token is missing' : '--token holds what cannot stand in a header')
}

function dialectsIn(found: string, known: readonly string[]): string[] {
  const names = found.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return names
  throw new Refusal(`--dialect is "${unknown}"; it should be one of ${known.join(', ')}${didYouMean(unknown, known)}`)
}

function timeoutIn(found: string): number {
  const seconds = Number(found)
  if (seconds > 0 && seconds <= 3600) return Math.ceil(seconds * 1000)
  throw new Refusal(`--timeout is "${found}"; it should be a number of seconds, at most 3600`)
}
