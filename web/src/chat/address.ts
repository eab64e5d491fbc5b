const inHash = /^#\/([a-z0-9][a-z0-9_-]{0,63})$/
const inPath = /^\/r\/([a-z0-9][a-z0-9_-]{0,63})$/

/** `/#/garden` and `/r/garden` are the room garden; anything else is the lobby. */
export function roomInAddress({ hash, pathname }: { hash: string; pathname: string } = location): string {
  return (inHash.exec(hash) ?? inPath.exec(pathname))?.[1] ?? "lobby"
}

export function addressOf(name: string): string {
  return `#/${name}`
}

/** A link to give to somebody. */
export function invitation(name: string): string {
  return `${location.origin}/${addressOf(name)}`
}

export function showInAddress(name: string): void {
  if (name === "lobby" && location.hash === "" && location.pathname === "/") return
  if (location.pathname !== "/" || location.hash !== addressOf(name)) history.replaceState(null, "", `/${addressOf(name)}`)
}
