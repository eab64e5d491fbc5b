export interface Call {
  title: string
  body: string
  /** Where in the page it leads to. */
  address: string
  /** One at a time by this name. */
  tag: string
}

export function canNotify(): boolean {
  return "Notification" in window && "serviceWorker" in navigator
}

/** Only ever when somebody has just said yes. */
export async function mayNotify(): Promise<boolean> {
  return canNotify() && (await Notification.requestPermission()) === "granted"
}

export function isBlocked(): boolean {
  return canNotify() && Notification.permission === "denied"
}

export async function notify({ title, body, address, tag }: Call): Promise<void> {
  const shell = await navigator.serviceWorker.getRegistration()
  await shell?.showNotification(title, { body, tag, data: address, icon: "/icon-192.png", dir: "auto" }).catch(() => undefined)
}

/** Somebody clicked on a notification: the worker has brought this page to the front. */
export function onNotificationClick(go: (address: string) => void): void {
  if (!("serviceWorker" in navigator)) return
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<{ goTo?: string }>) => data.goTo && go(data.goTo))
}
