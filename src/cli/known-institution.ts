/**
 * The institution that a command names, or what to do when there is none.
 */
import type { Institution } from '../directory/institution.ts'
import { getInstitution, listInstitutions } from '../directory/institution.ts'
import { didYouMean } from '../directory/near-miss.ts'
import type { Store } from '../store/store.ts'
import { Misuse, Refusal } from './command.ts'

/** The option by which it is named. @throws {Misuse} where it is missing */
export function institutionIn(option: string | undefined): string {
  if (option === undefined) throw new Misuse('--institution is missing')
  return option
}

/** @throws {Refusal} naming the near miss when there is no such institution */
export async function knownInstitution(store: Store, id: string): Promise<Institution> {
  const found = await getInstitution(store, id)
  if (!found) throw await unknownInstitution(store, id)
  return found
}

export async function unknownInstitution(store: Store, id: string): Promise<Refusal> {
  const ids = (await listInstitutions(store)).map(({ _id }) => _id)
  const hint = ids.length === 0 ? '; make one with: matricula institution create' : didYouMean(id, ids)
  return new Refusal(`there is no institution ${id}${hint}`)
}
