/**
 * `matricula saml`: why a sign-in was refused, and whether sign-ins will work.
 */
import type { Config } from '../config.ts'
import { configFrom, isPlainLoopback, publicUrlOf } from '../config.ts'
import type { Institution } from '../directory/institution.ts'
import type { Store } from '../store/store.ts'
import type { Command } from './command.ts'
import { DONE, NOT_DONE, Refusal, read } from './command.ts'
import { contentOf } from './content.ts'
import { knownInstitution } from './known-institution.ts'
import { withStore } from './open-store.ts'
import { rollover } from './saml-rollover.ts'

const explain: Command = {
  summary: 'why a sign-in was refused',
  help: `matricula saml explain REF

Tells the exact reason of a refused sign-in, which attributes came (by name), and what to do. REF is the reference number
on the page that the person saw, for example 7K3QF-M2X9D.

Example:
  matricula saml explain 7K3QF-M2X9D`,
  async run(args, terminal) {
    const { words } = read(args, { options: {}, words: ['REF'] })
    // Loaded here, as below: other commands need nothing of it.
    const [{ findRefusal, referenceIn }, { refusalLines }] = await Promise.all([
      import('../saml/refusal-record.ts'),
      import('./saml-report.ts'),
    ])
    const reference = referenceIn(words[0])
    if (reference === undefined) throw new Refusal(`"${words[0]}" is no reference; one looks like 7K3QF-M2X9D`)
    const found = await withStore(terminal, (store) => findRefusal(store, reference))
    if (found === undefined)
      throw new Refusal(`no refused sign-in has the reference ${reference}; those of a flood are in the log alone`)
    terminal.out(refusalLines(reference, found))
    return DONE
  },
}

const check: Command = {
  summary: 'whether sign-ins will work, and what a response would do',
  help: `matricula saml check ID [--response FILE]

Shows what the identity providers of the institution ID must know, what is read from them, and what will not work.

  --response FILE  also what this response would do, without doing it: XML, base64, or the posted form, as the browser's
                   developer tools show it; - for standard input. Which browser it belongs to is not asked, and a response
                   of yesterday is judged as of yesterday

Exit codes: 0 fine, 1 something is wrong, or the response would be refused.

Examples:
  matricula saml check north
  matricula saml check north --response response.xml`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: { response: 'text' }, words: ['ID'] })
    const config = configFrom(terminal.environment)
    const publicUrl = publicUrlOf(config)
    const text = options.response === undefined ? undefined : await contentOf(options.response)
    return withStore(terminal, async (store) => {
      const institution = await knownInstitution(store, words[0])
      const [{ checkedIdps, countByAddress, findingsOf }, { rehearse }, sp, { responseLines, settingsLines }] = await Promise.all(
        [
          import('../saml/check.ts'),
          import('../saml/rehearse.ts'),
          serviceProvider(store, institution, { config, publicUrl }),
          import('./saml-report.ts'),
        ],
      )
      const now = Date.now()
      const isReachable = publicUrl.startsWith('https:') || isPlainLoopback(publicUrl)
      const byAddress = await countByAddress(store, institution)
      const findings = findingsOf(institution, { publicUrl, isReachable, byAddress, now })
      terminal.out(settingsLines(sp, checkedIdps(institution, now), findings))
      const isFine = findings.every(({ kind }) => kind !== 'wrong')
      if (text === undefined) return isFine ? DONE : NOT_DONE
      const rehearsed = await rehearse(store, { text, institution, sp, now })
      terminal.out(`\nThe response\n${responseLines(rehearsed)}`)
      return isFine && rehearsed.kind === 'believed' && rehearsed.admitted.kind === 'in' ? DONE : NOT_DONE
    })
  },
}

export const saml: Command = {
  summary: 'explain refused sign-ins, check settings of sign-ins, replace keys',
  help: 'matricula saml COMMAND …\n\nPeople sign in through the identity provider of their institution (SAML 2.0); who is not yet known is created then.',
  commands: { check, explain, rollover },
}

/** The institution as its identity providers see it. */
async function serviceProvider(
  store: Store,
  institution: Institution,
  { config, publicUrl }: { readonly config: Config; readonly publicUrl: string },
) {
  const [{ openServiceProvider }, { sealWith }, { secretKeyFrom }] = await Promise.all([
    import('../saml/service-provider.ts'),
    import('../auth/seal.ts'),
    import('../auth/secret-key.ts'),
  ])
  const seal = sealWith(await secretKeyFrom(config))
  return openServiceProvider({ store, seal, publicUrl }).context(institution)
}
