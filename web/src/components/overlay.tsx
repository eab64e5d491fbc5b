import { signal } from "@preact/signals"
import { words } from "../language/language"
import { Drawer } from "./drawer"
import { lazily } from "./lazily"

/** What lies over the whole page, if anything. */
export const overlay = signal<"help" | "settings" | null>(null)

const HelpPanel = lazily(async () => (await import("./help_panel")).HelpPanel)
const SettingsPanel = lazily(async () => (await import("./settings_panel")).SettingsPanel)

export function Overlay() {
  const close = () => (overlay.value = null)
  switch (overlay.value) {
    case "help":
      return (
        <Drawer key="help" label={words().help.title} place="top" onClose={close}>
          <HelpPanel />
        </Drawer>
      )
    case "settings":
      return (
        <Drawer key="settings" label={words().settings.title} place="top" onClose={close}>
          <SettingsPanel />
        </Drawer>
      )
    case null:
      return null
  }
}
