/**
 * What can go wrong with a sign-in, in the words that the person reads: what happened and what to do, never the reason.
 */

export type FailureKind = keyof typeof FAILURES

export type Told = {
  readonly status: number
  readonly title: string
  /** What happened. */
  readonly say: string
  /** What to do with the reference, where there is one. */
  readonly ask?: string
  /** Whether it may go well the next time. */
  readonly canTryAgain: boolean
}

const ASK = 'Please ask for help and mention the reference below.'
const ASK_AGAIN = 'If it happens again, please ask for help and mention the reference below.'

export const FAILURES = {
  unreadable: {
    status: 400,
    title: 'Your sign-in did not arrive',
    say: 'What your browser sent is not a complete sign-in.',
    ask: ASK_AGAIN,
    canTryAgain: true,
  },
  refused: {
    status: 403,
    title: 'We could not accept this sign-in',
    say: 'It may have taken too long, have been sent twice, as by the back button, or been started in another browser, or your browser keeps no cookies.',
    ask: ASK_AGAIN,
    canTryAgain: true,
  },
  declined: {
    status: 403,
    title: 'You were not signed in',
    say: 'Your institution’s sign-in page did not sign you in.',
    ask: ASK_AGAIN,
    canTryAgain: true,
  },
  incomplete: {
    status: 422,
    title: 'Your account lacks something we need',
    say: 'You were signed in, but your institution did not tell us enough about you.',
    ask: ASK,
    canTryAgain: true,
  },
  stranger: {
    status: 403,
    title: 'We do not know you yet',
    say: 'You were signed in, but you are not on our list of members.',
    ask: ASK,
    canTryAgain: false,
  },
  inactive: {
    status: 403,
    title: 'Your account is switched off',
    say: 'You were signed in, but your account here is not active.',
    ask: ASK,
    canTryAgain: false,
  },
  conflict: {
    status: 409,
    title: 'We could not match your account',
    say: 'You were signed in, but what we have on record does not agree with it.',
    ask: ASK,
    canTryAgain: false,
  },
  address: {
    status: 400,
    title: 'This link does not work',
    say: 'The page that sent you here asked for something that is not set up.',
    ask: ASK,
    canTryAgain: false,
  },
  busy: {
    status: 503,
    title: 'Please try again in a moment',
    say: 'We are very busy right now, and could not finish your sign-in.',
    canTryAgain: true,
  },
  broken: {
    status: 500,
    title: 'Something went wrong here',
    say: 'It is our fault, not yours, and it has been recorded. Please try again in a moment.',
    canTryAgain: true,
  },
  limited: {
    status: 429,
    title: 'Too many sign-ins at once',
    say: 'Many sign-ins have come from your network in a short time. Please wait a minute, then try again.',
    canTryAgain: true,
  },
} as const satisfies { readonly [kind: string]: Told }
