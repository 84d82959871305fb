/**
 * Every collection of the store: what is unique in it, what is indexed, what is counted, what expires.
 * Adapters make their tables, columns and indexes from this page alone.
 */

export type Collection = {
  /** Names under `keys` that are unique within an institution while present. */
  readonly unique: readonly string[]
  /** Indexes led by the institution: each a list of single-valued paths, in order. */
  readonly indexes: readonly (readonly string[])[]
  /** Paths to lists (`search.boundTo`) or into lists of objects (`search.emails.value`) whose elements are indexed for `eq` and `sw`. */
  readonly lists: readonly string[]
  /** Of `lists`, those whose numbers of documents by value are kept, so that counting by them is constant work. */
  readonly counted: readonly string[]
  /** Fields that can be had as the bytes of their JSON, without the cost of parsing them; no predicate looks into one. */
  readonly apart: readonly string[]
  /** Whether documents carry `expires` (epoch milliseconds) and are removed some time after it. */
  readonly expires: boolean
}

export const COLLECTIONS = {
  /** All belong to the house, so that their keys are unique over all. */
  institutions: { unique: ['sftpUser'], indexes: [], lists: [], counted: [], apart: [], expires: false },
  tokens: { unique: ['hash'], indexes: [], lists: [], counted: [], apart: [], expires: false },
  /** OAuth clients. */
  clients: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: false },
  users: {
    unique: ['netid', 'netid2', 'netid3', 'email', 'userName'],
    indexes: [['lastModified', '_id']],
    lists: ['search.emails.value', 'search.externalIds', 'search.boundTo', 'search.deletedBy', 'search.memberOf', 'search.slots'],
    counted: ['search.boundTo', 'search.deletedBy'],
    apart: ['resource', 'provenance', 'keys'],
    expires: false,
  },
  groups: {
    unique: ['name'],
    indexes: [['lastModified', '_id']],
    lists: ['search.externalIds', 'search.boundTo', 'search.deletedBy', 'search.memberOf'],
    counted: ['search.boundTo', 'search.deletedBy'],
    apart: [],
    expires: false,
  },
  /** Groups that are gone while there are members still to be told. */
  drops: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: false },
  /** People whose record is about to be erased, or is, while there is history of them. */
  purges: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: false },
  events: {
    unique: [],
    indexes: [
      ['subject', '_id'],
      ['run', 'row'],
    ],
    lists: [],
    counted: [],
    apart: ['resource'],
    expires: false,
  },
  /** What became of each uploaded file. */
  runs: {
    /** Which file of which server it was, for those that were fetched. */
    unique: ['fetched'],
    indexes: [
      ['file', '_id'],
      ['series', '_id'],
      ['state', '_id'],
    ],
    lists: [],
    counted: [],
    apart: [],
    expires: false,
  },
  /** Who was missing from the last file of a roster, and which file that was. */
  absences: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: true },
  /** Work that one process at a time may do, and for which day it was done. */
  leases: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: false },
  /** What goes out to others, until it is delivered or given up. */
  deliveries: { unique: [], indexes: [['due', '_id']], lists: [], counted: [], apart: [], expires: false },
  /** The keys of each institution's SAML service provider. */
  samlKeys: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: false },
  /** What this server signs its JWTs with: the public keys, and the private ones sealed. */
  signingKeys: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: true },
  /** Key pairs by which an institution's own server lets us in, the private halves sealed. */
  pickUpKeys: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: false },
  /** Assertions that were used. */
  assertions: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: true },
  /** Sign-ins under way: which identity provider was asked, from which browser. */
  signInRequests: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: true },
  /** Who has signed in. */
  sessions: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: true },
  /** Codes by which a platform learns who has signed in. */
  signInCodes: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: true },
  /** From the reference of a refused sign-in to its event. */
  refusals: { unique: [], indexes: [], lists: [], counted: [], apart: [], expires: true },
  /** Answers to requests that carry an Idempotency-Key. */
  idempotency: { unique: [], indexes: [['about', '_id']], lists: [], counted: [], apart: [], expires: true },
} as const satisfies Record<string, Collection>

export type CollectionName = keyof typeof COLLECTIONS
