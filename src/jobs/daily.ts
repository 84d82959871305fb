/**
 * When something that runs once a day was due last: at a time of day where the institution is, whatever its clocks do.
 */
import { DAY_MS, dayOf } from '../days.ts'

const MINUTE_MS = 60_000
/** No clock is put forward by more. */
const LONGEST_GAP_MINUTES = 180

/**
 * The last instant not after `now` at which clocks there showed the time, once for each day: the first of two where they
 * were put back, the first one behind the gap where they were put forward over it.
 * @param now epoch milliseconds
 * @param time of the day: `07:00`
 */
export function lastDue(now: number, time: string, timeZone: string): number {
  const clock = clockIn(timeZone)
  for (let daysAgo = 0; daysAgo <= 3; daysAgo++) {
    const due = instantOf(dateBefore(clock(now).date, daysAgo), time, clock)
    if (due <= now) return due
  }
  throw new Error(`no day of ${timeZone} had the time ${time}`)
}

/** The next instant after `now` that is due in the sense of `lastDue`. */
export function nextDue(now: number, time: string, timeZone: string): number {
  const clock = clockIn(timeZone)
  for (let daysAhead = 0; daysAhead <= 3; daysAhead++) {
    const due = instantOf(dateBefore(clock(now).date, -daysAhead), time, clock)
    if (due > now) return due
  }
  throw new Error(`no day of ${timeZone} will have the time ${time}`)
}

type Clock = (instant: number) => { readonly date: string; readonly time: string }

function clockIn(timeZone: string): Clock {
  const parts = {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  } as const
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, ...parts })
  return (instant) => {
    const found = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]))
    return {
      date: `${found.get('year')}-${found.get('month')}-${found.get('day')}`,
      time: `${found.get('hour')}:${found.get('minute')}`,
    }
  }
}

/** The first instant at which the clock shows this date and time, or the first one behind the gap in which they fell. */
function instantOf(date: string, time: string, clock: Clock): number {
  const asUtc = Date.parse(`${date}T${time.padStart(5, '0')}:00Z`)
  const wanted = textOf(date, time)
  let best: number | undefined
  // Every offset in use is a multiple of a quarter of an hour, from -12 to +14 hours.
  for (let offset = 14 * 60; offset >= -12 * 60; offset -= 15) {
    const instant = asUtc - offset * MINUTE_MS
    const { date: day, time: shown } = clock(instant)
    if (textOf(day, shown) === wanted) best = Math.min(best ?? instant, instant)
  }
  return best ?? behindGap(asUtc, wanted, clock)
}

/** The clock jumps over the wanted time: between two minutes it shows less, then more. */
function behindGap(asUtc: number, wanted: string, clock: Clock): number {
  const shows = (instant: number) => {
    const { date, time } = clock(instant)
    return textOf(date, time)
  }
  let before = asUtc - 14 * 60 * MINUTE_MS
  let after = asUtc + (12 * 60 + LONGEST_GAP_MINUTES) * MINUTE_MS
  while (after - before > MINUTE_MS) {
    const middle = before + Math.floor((after - before) / 2 / MINUTE_MS) * MINUTE_MS
    if (shows(middle) < wanted) before = middle
    else after = middle
  }
  return after
}

function textOf(date: string, time: string): string {
  return `${date} ${time.padStart(5, '0')}`
}

function dateBefore(date: string, days: number): string {
  return dayOf(Date.parse(`${date}T00:00:00Z`) - days * DAY_MS)
}
