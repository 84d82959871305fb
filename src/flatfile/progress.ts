/**
 * How far a file has come, for whoever watches.
 */
export type Progress = {
  readonly step: 'reading' | 'planning' | 'applying'
  readonly rows: number
  /** Of how many; unknown while the file is read for the first time. */
  readonly of?: number
}

export type OnProgress = (progress: Progress) => void
