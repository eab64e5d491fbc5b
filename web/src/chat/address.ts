const room = /^#\/([a-z0-9][a-z0-9_-]{0,63})$/

/** `#/garden` is the room garden; anything else is the lobby. */
export function roomInAddress(hash = location.hash): string {
  return room.exec(hash)?.[1] ?? "lobby"
}

export function addressOf(name: string): string {
  return `#/${name}`
}

/** A link to give to somebody. */
export function invitation(name: string): string {
  return `${location.origin}/${addressOf(name)}`
}

export function showInAddress(name: string): void {
  if (roomInAddress() === name && location.hash !== "") return
  if (name === "lobby" && location.hash === "") return
  history.replaceState(null, "", addressOf(name))
}
