import { effect, type ReadonlySignal, signal } from "@preact/signals"

/** Whether the server has another page by now than this one. */
export const isOutdated = signal(false)

const soonest = 2000
const spread = 30_000
const part = /(?:src|href)="(\/assets\/[^"]+)"/g

/** A server that was away may have come back with a newer page. Not everybody looks at the same moment. */
export function watchForNewer(isConnected: ReadonlySignal<boolean>): void {
  let wasConnected = false
  effect(() => {
    if (!isConnected.value) return
    if (wasConnected) setTimeout(() => void look(), soonest + Math.random() * spread)
    wasConnected = true
  })
}

async function look(): Promise<void> {
  try {
    const answer = await fetch("/", { cache: "no-cache" })
    if (answer.ok) isOutdated.value = namesOther(await answer.text())
  } catch {
    // The next connection looks again.
  }
}

/** Names of parts change with their contents. */
function namesOther(page: string): boolean {
  const parts = [...page.matchAll(part)].map((found) => found[1]!)
  return parts.some((address) => document.querySelector(`[src="${address}"], [href="${address}"]`) === null)
}
