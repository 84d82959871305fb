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

/** Either nothing was done so far, or this is another store than that of the server. */
export const NONE_YET = 'make one with matricula institution create, or give DATABASE_URL and DATA_DIR as the server has them'

/** @throws {Refusal} naming the near miss when there is no such institution */
export async function knownInstitution(store: Store, id: string): Promise<Institution> {
  const found = await getInstitution(store, id)
  if (!found) throw await unknownInstitution(store, id)
  return found
}

export async function unknownInstitution(store: Store, id: string): Promise<Refusal> {
  const ids = (await listInstitutions(store)).map(({ _id }) => _id)
  const hint =
    ids.length === 0 ? `; this store has none at all: ${NONE_YET}` : didYouMean(id, ids) || '; see: matricula institution list'
  return new Refusal(`there is no institution ${id}${hint}`)
}
