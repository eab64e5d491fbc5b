let latest = 0

/**
 * A new identity for a post: the time first, then 96 random bits. Of two from one page the later one sorts after the
 * earlier one, whatever the clock does, so posts can be put in order by it; and the server's index of them grows at
 * its end. `crypto.randomUUID` would not do: it is missing on plain http other than localhost.
 */
export function clientId(now = Date.now()): string {
  latest = Math.max(now, latest + 1)
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  const random = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
  return `${latest.toString(36).padStart(9, "0")}-${random}`
}
