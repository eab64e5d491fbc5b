const prefix = "chatter."

/** What this browser remembers between visits. A browser that forbids it just forgets. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(prefix + key)
  } catch {
    return null
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(prefix + key)
    else localStorage.setItem(prefix + key, value)
  } catch {
    // Nothing to do: it works until the page is closed.
  }
}

/** The keys of all that is remembered under names that begin so. */
export function kept(beginning: string): string[] {
  try {
    const keys = Object.keys(localStorage)
    return keys.filter((key) => key.startsWith(prefix + beginning)).map((key) => key.slice(prefix.length))
  } catch {
    return []
  }
}

export function forgetAll(beginning: string): void {
  for (const key of kept(beginning)) remember(key, null)
}

/** Tells of what another tab of this browser remembers anew, or forgets (`null`). */
export function onRemembered(tell: (key: string, value: string | null) => void): void {
  window.addEventListener("storage", ({ key, newValue, storageArea }) => {
    if (storageArea === localStorage && key?.startsWith(prefix)) tell(key.slice(prefix.length), newValue)
  })
}

export function onForgotten(beginning: string, tell: (key: string) => void): void {
  onRemembered((key, value) => {
    if (value === null && key.startsWith(beginning)) tell(key)
  })
}
