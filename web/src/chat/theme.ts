import { effect, signal } from "@preact/signals"
import { recall, remember } from "../connection/keepsake"

export type Theme = "auto" | "light" | "dark"

const order: readonly Theme[] = ["auto", "light", "dark"]

export const theme = signal<Theme>(order.find((theme) => theme === recall("theme")) ?? "auto")

export function applyTheme(): void {
  effect(() => {
    const chosen = theme.value
    if (chosen === "auto") delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = chosen
    remember("theme", chosen === "auto" ? null : chosen)
  })
}

export function nextTheme(): void {
  theme.value = order[(order.indexOf(theme.value) + 1) % order.length]!
}
