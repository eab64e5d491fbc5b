const place = "([a-z0-9][a-z0-9_-]{0,63})(?:/([1-9][0-9]{0,14}))?"
const inHash = new RegExp(`^#/${place}$`)
const inPath = new RegExp(`^/r/${place}$`)

/** A room, or what was said there as event `seq`. */
export interface Place {
  room: string
  seq: number | null
}

/** `/#/garden` and `/r/garden` are the room garden, `/#/garden/12` is its event 12; anything else is the lobby. */
export function placeInAddress({ hash, pathname }: { hash: string; pathname: string } = location): Place {
  const [, room = "lobby", seq] = inHash.exec(hash) ?? inPath.exec(pathname) ?? []
  return { room, seq: seq === undefined ? null : Number(seq) }
}

export function addressOf(room: string, seq: number | null = null): string {
  return seq === null ? `#/${room}` : `#/${room}/${seq}`
}

/** A link to give to somebody. */
export function linkTo(room: string, seq: number | null = null): string {
  return `${location.origin}/${addressOf(room, seq)}`
}

/** The part of the page that a link leads to, when it leads into this page. */
export function withinPage(href: string): string | null {
  const here = `${location.origin}/`
  return href.startsWith(`${here}#/`) ? href.slice(here.length) : null
}

/** Makes the address say where one is; a new place can be left by the browser's way back. */
export function showInAddress({ room, seq }: Place, isNew: boolean): void {
  const address = `/${addressOf(room, seq)}`
  if (address === "/#/lobby" && location.pathname + location.hash === "/") return
  if (location.pathname + location.hash === address) return
  if (isNew) history.pushState(null, "", address)
  else history.replaceState(null, "", address)
}
