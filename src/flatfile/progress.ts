/**
 * How far a file has come, for whoever watches.
 */
export type Progress = {
  /** `comparing`: of a roster, people on the roll with those in the file. */
  readonly step: 'reading' | 'planning' | 'comparing' | 'applying'
  readonly rows: number
  /** Of how many; unknown while the file is read for the first time. */
  readonly of?: number
}

export type OnProgress = (progress: Progress) => void
