/** Arrow keys walk through the messages; Home and End go to the first and the last one held. */
export function moveAmongMessages(event: KeyboardEvent, log: HTMLElement): void {
  const target = event.target as HTMLElement
  if (target.closest("button, textarea, input, a")) return
  const messages = [...log.querySelectorAll<HTMLElement>("article")]
  const at = messages.indexOf(target.closest("article") as HTMLElement)
  const to = goal(event.key, at, messages.length)
  const message = to === null ? undefined : messages[to]
  if (!message) return
  event.preventDefault()
  message.focus()
  message.scrollIntoView({ block: "nearest" })
}

function goal(key: string, at: number, count: number): number | null {
  switch (key) {
    case "ArrowUp":
      return at === -1 ? count - 1 : Math.max(0, at - 1)
    case "ArrowDown":
      return at === -1 ? count - 1 : Math.min(count - 1, at + 1)
    case "Home":
      return 0
    case "End":
      return count - 1
    default:
      return null
  }
}
