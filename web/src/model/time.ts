const minute = 60_000
const hour = 60 * minute

/** How long ago in words that stay true: "just now", "5 min ago", "14:05", "yesterday 14:05", "Tue 14:05", "3 May, 14:05". */
export function relativeTime(at: Date, now: Date, locale?: string): string {
  const age = now.getTime() - at.getTime()
  if (age < minute) return "just now"
  if (age < hour) return `${Math.floor(age / minute)} min ago`
  const clock = at.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" })
  const days = daysBetween(at, now)
  if (days === 0) return clock
  if (days === 1) return `yesterday ${clock}`
  if (days < 7) return `${at.toLocaleDateString(locale, { weekday: "short" })} ${clock}`
  return `${dayAndMonth(at, now, "short", locale)}, ${clock}`
}

/** The heading of a day: "Today", "Yesterday", "Monday", "3 May", "3 May 2024". */
export function dayName(at: Date, now: Date, locale?: string): string {
  const days = daysBetween(at, now)
  if (days === 0) return "Today"
  if (days === 1) return "Yesterday"
  if (days > 1 && days < 7) return at.toLocaleDateString(locale, { weekday: "long" })
  return dayAndMonth(at, now, "long", locale)
}

export function fullTime(at: Date, locale?: string): string {
  return at.toLocaleString(locale, { dateStyle: "full", timeStyle: "medium" })
}

/** "14:05" everywhere: the place it goes into has no room for more. */
export function clockTime(at: Date): string {
  return at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })
}

export function isSameDay(a: Date, b: Date): boolean {
  return daysBetween(a, b) === 0
}

function daysBetween(a: Date, b: Date): number {
  return Math.round((midnight(b) - midnight(a)) / (24 * hour))
}

function midnight(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime()
}

function dayAndMonth(at: Date, now: Date, month: "short" | "long", locale?: string): string {
  const year = at.getFullYear() === now.getFullYear() ? {} : ({ year: "numeric" } as const)
  return at.toLocaleDateString(locale, { day: "numeric", month, ...year })
}
