import { signal } from "@preact/signals"
import { words } from "../language/language"
import { clockTime, dayName, fullTime, momentTime, relativeTime } from "../model/time"

const now = signal(new Date())
const tick = () => (now.value = new Date())
setInterval(tick, 15_000)
document.addEventListener("visibilitychange", tick)

/** How long ago, kept true; the full time on hover. */
export function Ago({ at }: { at: Date }) {
  return (
    <time dateTime={at.toISOString()} title={fullTime(at, words())}>
      {relativeTime(at, now.value, words())}
    </time>
  )
}

/** When it was, rather than how long ago: "since 14:05". */
export function Moment({ at }: { at: Date }) {
  return (
    <time dateTime={at.toISOString()} title={fullTime(at, words())}>
      {momentTime(at, now.value, words())}
    </time>
  )
}

export function Clock({ at }: { at: Date }) {
  return (
    <time dateTime={at.toISOString()} title={fullTime(at, words())}>
      {clockTime(at)}
    </time>
  )
}

export function Day({ at }: { at: Date }) {
  return <time dateTime={at.toISOString().slice(0, 10)}>{dayName(at, now.value, words())}</time>
}
