/// <reference lib="webworker" />

/**
 * Keeps the page itself in the browser, so that it opens without a connection: what was written before is there and
 * waits. The network is asked first for the page, and never for its parts, whose names change with their contents.
 */
declare const self: ServiceWorkerGlobalScope

const name = "shell"
const patience = 4000

self.addEventListener("install", (event) => event.waitUntil(keepPage().then(() => self.skipWaiting())))
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()))
self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url)
  if (event.request.method !== "GET" || origin !== location.origin) return
  if (event.request.mode === "navigate" && isPage(pathname)) event.respondWith(page(event))
  else if (pathname.startsWith("/assets/")) event.respondWith(part(event))
})

self.addEventListener("notificationclick", (event) => {
  event.notification.close()
  event.waitUntil(goTo(event.notification.data as string))
})

function isPage(pathname: string): boolean {
  return pathname === "/" || pathname === "/index.html" || pathname.startsWith("/r/")
}

/** Whatever address it has, it is the same page. */
async function page(event: FetchEvent): Promise<Response> {
  try {
    const fresh = await fetch(event.request, { signal: AbortSignal.timeout(patience) })
    if (fresh.ok) event.waitUntil(keep(fresh.clone()))
    return fresh
  } catch (trouble) {
    const kept = await caches.match("/")
    if (kept) return kept
    throw trouble
  }
}

async function part(event: FetchEvent): Promise<Response> {
  const kept = await caches.match(event.request)
  if (kept) return kept
  const fresh = await fetch(event.request)
  if (fresh.ok) {
    const copy = fresh.clone()
    event.waitUntil(caches.open(name).then((cache) => cache.put(event.request, copy)))
  }
  return fresh
}

async function keepPage(): Promise<void> {
  await keep(await fetch("/", { cache: "no-cache" }))
}

/** Keeps the page with the parts that it names, and lets go of those that only an older one had. */
async function keep(page: Response): Promise<void> {
  const cache = await caches.open(name)
  const before = await cache.match("/")
  const text = await page.clone().text()
  if (before && (await before.text()) === text) return
  const parts = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((found) => found[1]!)
  for (const old of await cache.keys()) if (!parts.includes(new URL(old.url).pathname)) await cache.delete(old)
  await cache.addAll(parts)
  await cache.put("/", page)
}

/** In a page that is open, or else in a new one. */
async function goTo(address: string): Promise<void> {
  const [page] = await self.clients.matchAll({ type: "window" })
  if (!page) return void (await self.clients.openWindow(address))
  page.postMessage({ goTo: address })
  await page.focus()
}

export {}
