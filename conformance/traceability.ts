/**
 * The checks as a page for readers (`docs/conformance.md`): clause, check, level, and what became of it on one server.
 */
import type { CheckResult } from './check.ts'
import { headingOf } from './report.ts'

/** What the RFCs demand and a client at the other end cannot see. */
const UNSEEN: readonly (readonly [clause: string, rule: string, why: string])[] = [
  ['RFC 7643 3.1', 'an id is never given to another resource', 'it would take all ids that a server ever gave'],
  ['RFC 7643 4.1.1', 'a password is kept as a hash, and passed on over secured connections only', 'it happens inside the server'],
  [
    'RFC 7643 4.1.2',
    'the country of an address is ISO 3166-1 alpha-2',
    'it binds who sends the address; servers may keep what they get',
  ],
  ['RFC 7643 4.1.2', 'a photo is the address of a file, a certificate is DER', 'it binds who sends the value'],
  ['RFC 7644 1.3', 'the base URI has no query', 'it is given by whoever runs the suite'],
  ['RFC 7644 2', 'a client is mapped to an access policy', 'the policy is the institution’s own'],
  ['RFC 7644 3.4.2.1', 'too many results are 400 tooMany', 'how many are too many is the server’s to decide'],
  ['RFC 7644 3.5.2', 'an immutable attribute is set once', 'no core attribute is immutable but the parts of members'],
  ['RFC 7644 3.7', 'a bulk that is rearranged has the same result', 'seen only as far as operations on one resource'],
  ['RFC 7644 7.2', 'TLS 1.2, with certificates that are checked', 'it is a matter of the server’s place in the network'],
  ['RFC 7644 7.5.2', 'no sensitive values in URLs', 'it binds clients; a filter over passwords is checked'],
  ['RFC 9865 2.1', 'a cursor that is too old is 400 expiredCursor', 'waited for where cursorTimeout is 5 seconds or less'],
  ['RFC 9865 5', 'a cursor opens nothing to another client', 'it would take two clients of different rights'],
]

const STATUS = { passed: 'passes', failed: '**fails**', 'not offered': 'not offered' } as const

/** @param server what the status is of */
export function sayTraceability(server: string, results: readonly CheckResult[]): string {
  const gathered = Map.groupBy(results, headingOf)
  return `${[
    '# What SCIM asks, check by check',
    '',
    `Every check of the [conformance suite](../conformance/README.md), with the clause that settles it and its status on ${server}. Written by \`npm run traceability\`; a test compares it with the suite.`,
    '',
    ...Array.from(gathered, ([heading, inside]) => section(heading, inside)).flat(),
    '## What no check can see',
    '',
    '| clause | rule | why it is not checked |',
    '| --- | --- | --- |',
    ...UNSEEN.map((cells) => row(cells)),
    '',
  ].join('\n')}`
}

function section(heading: string, results: readonly CheckResult[]): string[] {
  const title = heading.replace(/^rfc: /, '')
  return [
    `## ${title}`,
    '',
    '| clause | check | level | what it shows | status |',
    '| --- | --- | --- | --- | --- |',
    ...results.map(({ clause, id, level, what, verdict, reason }) =>
      row([
        clause,
        `\`${id}\``,
        level.toUpperCase(),
        what,
        reason === undefined ? STATUS[verdict] : `${STATUS[verdict]}: ${reason}`,
      ]),
    ),
    '',
  ]
}

function row(cells: readonly string[]): string {
  return `| ${cells
    .map((cell) =>
      cell
        .replaceAll('\\', '\\\\')
        .replaceAll('|', '\\|')
        .replaceAll('<', '&lt;')
        .replace(/[\n\r\t\0]/g, ' '),
    )
    .join(' | ')} |`
}
