/**
 * How far a file has come, on one line of a terminal that is drawn again and again: step, bar, rows, rate, time left.
 * Where nobody watches, nothing is drawn.
 */
import type { OnProgress, Progress } from '../flatfile/progress.ts'

export type ProgressLine = Disposable & { readonly on: OnProgress }

type Screen = { readonly isTTY?: boolean; readonly columns?: number; write(text: string): boolean }

/** Fast enough to be seen moving, slow enough to cost nothing. */
const DRAW_EVERY_MS = 100
const BAR_WIDTH = 24
const CLEAR_LINE = '\r\u001b[2K'

const SAID: { readonly [step in Progress['step']]: string } = {
  reading: 'Reading',
  planning: 'Planning',
  comparing: 'Comparing',
  applying: 'Applying',
}

export function openProgressLine(screen: Screen, now: () => number = () => performance.now()): ProgressLine {
  if (screen.isTTY !== true) return { on: () => {}, [Symbol.dispose]: () => {} }
  let step: Progress['step'] | undefined
  let stepSince = 0
  let drawnAt = Number.NEGATIVE_INFINITY
  return {
    on(progress) {
      const at = now()
      if (progress.step !== step) [step, stepSince, drawnAt] = [progress.step, at, Number.NEGATIVE_INFINITY]
      if (at - drawnAt < DRAW_EVERY_MS) return
      drawnAt = at
      screen.write(CLEAR_LINE + progressText(progress, at - stepSince).slice(0, (screen.columns ?? 80) - 1))
    },
    [Symbol.dispose]: () => void screen.write(CLEAR_LINE),
  }
}

/** @param spentMs since the step began */
export function progressText({ step, rows, of }: Progress, spentMs: number): string {
  const rate = spentMs < 500 ? undefined : rows / (spentMs / 1000)
  const said = [`${SAID[step].padEnd(9)}`]
  if (of !== undefined && of > 0) {
    const filled = Math.min(BAR_WIDTH, Math.floor((rows / of) * BAR_WIDTH))
    said.push(`[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}]`, `${grouped(rows)} of ${grouped(of)} rows`)
  } else said.push(`${grouped(rows)} rows`)
  if (rate !== undefined) said.push(`${grouped(Math.round(rate))}/s`)
  if (rate !== undefined && rate > 0 && of !== undefined) said.push(`${timeText((of - rows) / rate)} left`)
  return said.join('  ')
}

function grouped(count: number): string {
  return count.toLocaleString('en')
}

function timeText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}
