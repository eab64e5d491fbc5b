import type { ComponentChildren } from "preact"
import { allLanguages, choose, language, words } from "../language/language"
import { canNotify, isBlocked } from "../shell/notify"
import { useChat } from "./chat_context"
import { overlay } from "./overlay"

/** What somebody may want otherwise; each takes effect at once and stays in this browser. */
export function SettingsPanel() {
  const { mentions } = useChat()
  const { settings, help } = words()
  return (
    <div class="flex max-h-[80dvh] flex-col">
      <h2 class="pane-title">{settings.title}</h2>
      <div class="min-h-0 space-y-5 overflow-y-auto px-5 pb-5">
        <Group title={settings.language}>
          {allLanguages.map((each) => (
            <label key={each.language} class="flex min-h-9 items-center gap-3 pointer-coarse:min-h-11" lang={each.language}>
              <input
                type="radio"
                name="language"
                class="size-4"
                checked={language.value === each.language}
                onChange={() => choose(each.language)}
              />
              {each.name}
            </label>
          ))}
        </Group>
        <Group title={settings.mentions}>
          {canNotify() && (
            <Switch
              label={settings.notify}
              on={mentions.notifies.value === true}
              change={(on) => void mentions.setNotifies(on)}
            />
          )}
          {mentions.notifies.value === false && isBlocked() && <p class="text-[0.8125rem] text-quiet">{settings.blocked}</p>}
          <Switch label={settings.ring} on={mentions.rings.value === true} change={(on) => mentions.setRings(on)} />
        </Group>
        <button type="button" class="plain -ml-3.5 text-accent" onClick={() => (overlay.value = "help")}>
          {help.title}
        </button>
      </div>
    </div>
  )
}

function Group({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <fieldset>
      <legend class="mb-1 text-[0.8125rem] font-semibold text-quiet">{title}</legend>
      {children}
    </fieldset>
  )
}

function Switch({ label, on, change }: { label: string; on: boolean; change: (on: boolean) => void }) {
  return (
    <label class="flex min-h-9 items-center gap-3 pointer-coarse:min-h-11">
      <input type="checkbox" class="size-4" checked={on} onChange={(event) => change(event.currentTarget.checked)} />
      {label}
    </label>
  )
}
