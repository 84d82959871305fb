/**
 * `matricula conformance`: the conformance suite against any SCIM server.
 */
import { writeFile } from 'node:fs/promises'
import type { CheckResult } from '../../conformance/check.ts'
import type { Options } from '../../conformance/run.ts'
import { didYouMean } from '../directory/near-miss.ts'
import { unwritable } from '../file-errors.ts'
import type { Command, Terminal } from './command.ts'
import { DONE, Misuse, NOT_DONE, Refusal, read } from './command.ts'
import { untilToldToStop } from './signals.ts'

const OPTIONS = {
  token: 'text',
  'client-id': 'text',
  'client-secret': 'text',
  'token-url': 'text',
  'api-token': 'text',
  dialect: 'text',
  only: 'text',
  prefix: 'text',
  timeout: 'text',
  junit: 'text',
  'read-only': 'flag',
  json: 'flag',
} as const

type Given = { readonly [K in keyof typeof OPTIONS]?: (typeof OPTIONS)[K] extends 'flag' ? true : string }

export const conformance: Command = {
  summary: 'check any SCIM server against the RFCs and what clients send',
  help: `matricula conformance URL (--token TOKEN | --client-id ID --client-secret SECRET [--token-url URL])
    [--dialect NAME] [--only TEXT] [--read-only] [--prefix TEXT] [--api-token TOKEN] [--timeout SECONDS]
    [--json] [--junit FILE]

Plays what the RFCs ask, and what identity providers send, against the SCIM server at URL, and shows each check with its
section, whether it is a MUST or a SHOULD, and, where it failed, the step, what was expected and what came. What the server
does not offer is counted apart. Exit code 1 when a check failed.

Safe on a system in use: the suite touches nothing but what it made itself, whose names begin with the prefix, and deletes
that again, also when it is interrupted. A Matricula keeps whom a client deletes: on one, give the suite an institution of
its own, where these people stay behind, inactive.

  --token TOKEN           bearer token of a SCIM client
  --client-id ID          an OAuth 2.0 client, in place of a token; with --client-secret
  --client-secret SECRET
  --token-url URL         where that client gets its tokens; by default found in the metadata of the server (RFC 8414)
  --dialect NAME          only these checks: rfc, entra, okta, onelogin, authentik, jumpcloud, google, campus; several with commas
  --only TEXT             only checks with the text in their name or section: entra/patch, "RFC 7644 3.5"
  --read-only             only checks that change nothing
  --prefix TEXT           begins the names of all that is made (conformance-)
  --api-token TOKEN       bearer token for the REST interface of a Matricula, which a few checks need too
  --timeout SECONDS       how long one request may take (10)
  --json                  one JSON document instead of text
  --junit FILE            the results also as JUnit XML, for build servers

Examples:
  matricula conformance http://127.0.0.1:3000/institutions/demo/scim/v2 --token "$TOKEN"
  matricula conformance https://scim.example/v2 --token "$TOKEN" --dialect entra,okta --json > report.json
  matricula conformance https://scim.example/v2 --token "$TOKEN" --read-only --junit report.xml`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: OPTIONS, words: ['URL'] })
    const suite = await loadSuite()
    const url = urlIn(words[0])
    const stop = new AbortController()
    void untilToldToStop().then(() => stop.abort())
    const asked: Options = {
      url,
      token: await credentialsIn(suite, url, options),
      signal: stop.signal,
      ...(options['api-token'] !== undefined && { apiToken: options['api-token'] }),
      ...(options.dialect !== undefined && { dialects: dialectsIn(options.dialect, [...suite.readDialects().keys()]) }),
      ...(options.only !== undefined && { only: [options.only] }),
      ...(options['read-only'] === true && { isReadOnly: true }),
      ...(options.prefix !== undefined && { prefix: prefixIn(options.prefix) }),
      ...(options.timeout !== undefined && { timeoutMs: timeoutIn(options.timeout) }),
    }
    if (suite.countChecks(asked) === 0) throw new Misuse(`there is no such check${sayChoice(options)}`)
    if (options.junit !== undefined) await writeJunit(options.junit, '')
    const results = await show(suite, asked, options.json === true, terminal)
    if (options.junit !== undefined) await writeJunit(options.junit, suite.sayJunit(url, results))
    if (!results.some(({ verdict }) => verdict === 'failed')) return DONE
    const mistake = await mistakeIn(suite, asked)
    if (mistake !== undefined) terminal.say(`matricula: ${mistake}`)
    return NOT_DONE
  },
}

type Suite = Awaited<ReturnType<typeof loadSuite>>

/** Loaded here, since no other command needs it. */
async function loadSuite() {
  const [
    { tokensFor },
    { readDialects },
    { exchange },
    { sayJunit },
    { count, sayCounts, sayJson, TextReport },
    { countChecks, runConformance, targetOf },
  ] = await Promise.all([
    import('../../conformance/client-credentials.ts'),
    import('../../conformance/dialogue-files.ts'),
    import('../../conformance/exchange.ts'),
    import('../../conformance/junit.ts'),
    import('../../conformance/report.ts'),
    import('../../conformance/run.ts'),
  ])
  return {
    tokensFor,
    readDialects,
    exchange,
    sayJunit,
    count,
    sayCounts,
    sayJson,
    TextReport,
    countChecks,
    runConformance,
    targetOf,
  }
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

/** With a wrong token or address nearly every check fails, which looks like a fault of the server. */
async function mistakeIn({ exchange, targetOf }: Suite, asked: Options): Promise<string | undefined> {
  const target = targetOf(asked)
  const answer = await exchange(target, { method: 'GET', path: '/Users?count=1' })
  if (!('status' in answer)) return undefined
  const told = `${target.base}/Users answers ${answer.status}`
  if (answer.status === 401 || answer.status === 403) return `${told}: is this a token that it takes for SCIM?`
  return answer.status === 404 ? `${told}: is this the address of its SCIM?` : undefined
}

function urlIn(found: string): string {
  if (/^https?:$/.test(URL.parse(found)?.protocol ?? '')) return found
  throw new Misuse(`"${found}" is no address of a SCIM server, for example http://127.0.0.1:3000/institutions/demo/scim/v2`)
}

function tokenUrlIn(found: string): string {
  if (/^https?:$/.test(URL.parse(found)?.protocol ?? '')) return found
  throw new Misuse(`--token-url is "${found}"; it should be an address, for example https://scim.example/oauth/token`)
}

/** A token, or a client that has just shown that it gets one: what is wrong with it is said before any check. */
async function credentialsIn(suite: Suite, url: string, options: Given): Promise<Options['token']> {
  const { token, 'client-id': id, 'client-secret': secret, 'token-url': tokenUrl } = options
  if (id === undefined && secret === undefined) {
    if (token === undefined) throw new Misuse('--token is missing (or --client-id and --client-secret)')
    if (!/^[\x21-\x7e]+$/.test(token)) throw new Misuse('--token holds what cannot stand in a header')
    return token
  }
  if (token !== undefined) throw new Misuse('--token and --client-id exclude each other')
  if (id === undefined || secret === undefined) throw new Misuse('--client-id and --client-secret go together')
  const tokens = suite.tokensFor(url, { id, secret, ...(tokenUrl === undefined ? {} : { tokenUrl: tokenUrlIn(tokenUrl) }) })
  await tokens().catch((error: Error) => {
    throw new Refusal(`there is no token for this client: ${error.message}`)
  })
  return tokens
}

function prefixIn(found: string): string {
  if (/^[A-Za-z][\w.-]{0,31}$/.test(found)) return found
  throw new Misuse(`--prefix is "${found}"; it should be a letter and up to 31 more letters, digits, -, _ and dots`)
}

function sayChoice({ only, 'read-only': isReadOnly }: Given): string {
  const name = only === undefined ? '' : ` with "${only}" in its name or section`
  return isReadOnly === true ? `${name} that changes nothing` : name
}

async function writeJunit(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((error) => {
    throw new Refusal(`--junit: ${unwritable(file, error)}`)
  })
}

function dialectsIn(found: string, known: readonly string[]): string[] {
  const names = found.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !known.includes(name))
  if (unknown === undefined) return names
  throw new Misuse(`--dialect is "${unknown}"; it should be one of ${known.join(', ')}${didYouMean(unknown, known)}`)
}

function timeoutIn(found: string): number {
  const seconds = Number(found)
  if (seconds > 0 && seconds <= 3600) return Math.ceil(seconds * 1000)
  throw new Misuse(`--timeout is "${found}"; it should be a number of seconds, at most 3600`)
}
