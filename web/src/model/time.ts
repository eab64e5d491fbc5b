import type { Words } from "../language/english"

const minute = 60_000
const hour = 60 * minute

const shapes = {
  clock: { hour: "2-digit", minute: "2-digit" },
  narrowClock: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  weekday: { weekday: "long" },
  shortWeekday: { weekday: "short" },
  day: { day: "numeric", month: "long" },
  dayOfYear: { day: "numeric", month: "long", year: "numeric" },
  shortDay: { day: "numeric", month: "short" },
  shortDayOfYear: { day: "numeric", month: "short", year: "numeric" },
  full: { dateStyle: "full", timeStyle: "medium" },
} satisfies Record<string, Intl.DateTimeFormatOptions>

/** How long ago in words that stay true: "just now", "5 min ago", "14:05", "yesterday 14:05", "Tue 14:05", "3 May, 14:05". */
export function relativeTime(at: Date, now: Date, words: Words): string {
  const { time } = words
  const age = now.getTime() - at.getTime()
  if (age < minute) return time.justNow
  if (age < hour) return time.minutesAgo(Math.floor(age / minute))
  return momentTime(at, now, words)
}

/** When, to the minute: "14:05", "yesterday 14:05", "Tue 14:05", "3 May, 14:05". */
export function momentTime(at: Date, now: Date, { locale, time }: Words): string {
  const clock = written(at, "clock", locale)
  const days = daysBetween(at, now)
  if (days === 0) return clock
  if (days === 1) return time.yesterdayAt(clock)
  if (days < 7) return `${written(at, "shortWeekday", locale)} ${clock}`
  return `${written(at, isSameYear(at, now) ? "shortDay" : "shortDayOfYear", locale)}, ${clock}`
}

/** The heading of a day: "Today", "Yesterday", "Monday", "3 May", "3 May 2024". */
export function dayName(at: Date, now: Date, { locale, time }: Words): string {
  const days = daysBetween(at, now)
  if (days === 0) return time.today
  if (days === 1) return time.yesterday
  if (days > 1 && days < 7) return written(at, "weekday", locale)
  return written(at, isSameYear(at, now) ? "day" : "dayOfYear", locale)
}

export function fullTime(at: Date, { locale }: Words): string {
  return written(at, "full", locale)
}

/** "14:05" everywhere: the place it goes into has no room for more. */
export function clockTime(at: Date): string {
  return written(at, "narrowClock", "en-GB")
}

export function isSameDay(a: Date, b: Date): boolean {
  return daysBetween(a, b) === 0
}

// Making one for each time shown would take longer than all the rest of drawing it.
const formats = new Map<string, Intl.DateTimeFormat>()

function written(at: Date, shape: keyof typeof shapes, locale: string): string {
  const key = `${shape} ${locale}`
  const format = formats.get(key) ?? new Intl.DateTimeFormat(locale, shapes[shape])
  formats.set(key, format)
  return format.format(at)
}

function isSameYear(a: Date, b: Date): boolean {
  return a.getFullYear() === b.getFullYear()
}

function daysBetween(a: Date, b: Date): number {
  return Math.round((midnight(b) - midnight(a)) / (24 * hour))
}

function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime()
}
