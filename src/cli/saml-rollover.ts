/**
 * `matricula saml rollover`: another key for the service provider of an institution, in two steps.
 */
import { configFrom } from '../config.ts'
import { actor } from './actor.ts'
import type { Command } from './command.ts'
import { DONE, Refusal, read } from './command.ts'
import { knownInstitution } from './known-institution.ts'
import { withStore } from './open-store.ts'

export const rollover: Command = {
  summary: 'replace the key of the service provider, in two steps',
  help: `matricula saml rollover ID [--finish]

Makes a new key for the service provider of the institution ID. Until it is finished, its metadata shows the certificates
of both; the old key signs, and both decrypt. Give the metadata to your identity provider, or let it look it up again,
and then finish.

  --finish  the new key signs from now on; the old one decrypts what is still under way, and leaves the metadata.
            A running server takes it up within five seconds

Examples:
  matricula saml rollover north
  matricula saml rollover north --finish`,
  async run(args, terminal) {
    const { options, words } = read(args, { options: { finish: 'flag' }, words: ['ID'] })
    const [{ beginRollover, finishRollover }, { sealWith }, { secretKeyFrom }] = await Promise.all([
      import('../saml/sp-keys.ts'),
      import('../auth/seal.ts'),
      import('../auth/secret-key.ts'),
    ])
    return withStore(terminal, async (store) => {
      const { _id: institution } = await knownInstitution(store, words[0])
      const given = { institution, by: actor(), now: Date.now() }
      const seal = sealWith(await secretKeyFrom(configFrom(terminal.environment)))
      const done = await (options.finish ? finishRollover : beginRollover)(store, seal, given)
      const next = `matricula saml rollover ${institution} --finish`
      switch (done.kind) {
        case 'begun':
          terminal.say(`The metadata has both certificates now. Once your identity provider has it: ${next}`)
          return DONE
        case 'finished':
          terminal.say('The new key signs; the old one is not in the metadata any more.')
          return DONE
        case 'begunAlready':
          throw new Refusal(`a new key is there already, and waits for: ${next}`)
        case 'notBegun':
          throw new Refusal(`no new key is there: begin with matricula saml rollover ${institution}`)
        default:
          return done.kind satisfies never
      }
    })
  },
}
