/** What this browser remembers between visits. A browser that forbids it just forgets. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`chatter.${key}`)
  } catch {
    return null
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`chatter.${key}`)
    else localStorage.setItem(`chatter.${key}`, value)
  } catch {
    // Nothing to do: it works until the page is closed.
  }
}
