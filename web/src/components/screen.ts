import { signal } from "@preact/signals"

function matches(query: string) {
  const media = window.matchMedia(query)
  const now = signal(media.matches)
  media.addEventListener("change", () => (now.value = media.matches))
  return now
}

/** Room for the list of rooms beside the log. */
export const showsRooms = matches("(min-width: 48rem)")
/** Room for the people, too. */
export const showsPeople = matches("(min-width: 68rem)")
/** Of the window, in pixels. */
export const height = signal(window.innerHeight)
window.addEventListener("resize", () => (height.value = window.innerHeight))
/** Fingers, not a mouse: Enter makes a new line and the button sends. */
export const isTouch = matches("(pointer: coarse)")
