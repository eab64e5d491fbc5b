/** Lets the browser keep the page, once it has nothing better to do. Plain http other than localhost can't. */
export function keepShell(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return
  window.addEventListener("load", () => void navigator.serviceWorker.register("/shell.js").catch(() => undefined), { once: true })
}
