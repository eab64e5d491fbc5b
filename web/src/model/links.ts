export type Piece = { text: string; href?: string }

const address = /https?:\/\/[^\s<>"'`]+/gi

/** Splits a text into plain pieces and links; only http and https addresses become links. */
export function linked(text: string): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const match of text.matchAll(address)) {
    const found = withoutTail(match[0])
    if (!isAddress(found)) continue
    if (match.index > from) pieces.push({ text: text.slice(from, match.index) })
    pieces.push({ text: found, href: found })
    from = match.index + found.length
  }
  if (from < text.length) pieces.push({ text: text.slice(from) })
  return pieces
}

/** A sentence's full stop isn't the address's, nor is a bracket that was opened before it. */
function withoutTail(found: string): string {
  let trimmed = found
  for (;;) {
    const last = trimmed.at(-1)!
    if (/[.,;:!?*_~]/.test(last)) trimmed = trimmed.slice(0, -1)
    else if (last === ")" && !trimmed.includes("(")) trimmed = trimmed.slice(0, -1)
    else if (last === "]" && !trimmed.includes("[")) trimmed = trimmed.slice(0, -1)
    else return trimmed
  }
}

function isAddress(text: string): boolean {
  try {
    const { protocol, hostname } = new URL(text)
    return (protocol === "http:" || protocol === "https:") && hostname !== ""
  } catch {
    return false
  }
}
