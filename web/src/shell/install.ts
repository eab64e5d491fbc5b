const address = "/shell.js"

/** Parts of the browser that TypeScript doesn't know yet (Trusted Types). */
interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): { createScriptURL(address: string): string }
}

/** Lets the browser keep the page, once it has nothing better to do. Plain http other than localhost can't. */
export function keepShell(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return
  window.addEventListener("load", () => void install().catch(() => undefined), { once: true })
}

/** What the page fetched before there was a worker to see it is kept as well; the browser has it at hand. */
async function install(): Promise<void> {
  await navigator.serviceWorker.register(trusted())
  await navigator.serviceWorker.ready
  const cache = await caches.open("shell")
  for (const { name } of performance.getEntriesByType("resource"))
    if (new URL(name).pathname.startsWith("/assets/") && !(await cache.match(name))) await cache.add(name)
}

/** The one string that the page ever turns into a script; the server's policy lets no other one pass. */
function trusted(): string {
  const { trustedTypes } = window as { trustedTypes?: TrustedTypes }
  return trustedTypes?.createPolicy("shell", { createScriptURL: () => address }).createScriptURL(address) ?? address
}
