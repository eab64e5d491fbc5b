/**
 * A new identity for a post: the time first, so that the server's index of them grows at its end, then 96 random bits.
 * `crypto.randomUUID` would not do: it is missing on plain http other than localhost.
 */
export function clientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  const random = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
  return `${Date.now().toString(36)}-${random}`
}
