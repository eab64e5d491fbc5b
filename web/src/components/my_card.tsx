import { nextTheme, theme } from "../chat/theme"
import { words } from "../language/language"
import { Avatar } from "./avatar"
import { showCard } from "./card"
import { useChat } from "./chat_context"
import { IconButton } from "./icon"
import { overlay } from "./overlay"

/** Who I am here, and how the page looks. */
export function MyCard() {
  const chat = useChat()
  const me = chat.me.value
  return (
    <div class="flex h-17 flex-none items-center gap-0.5 border-t border-line px-3 pl-4">
      {me ? (
        <button
          type="button"
          title={me.name}
          class="-my-1 -ml-1.5 flex min-w-0 flex-1 items-center gap-2.5 rounded-xl p-1.5 text-left hover:bg-press"
          onClick={showCard(me)}
        >
          <Avatar user={me} />
          <span class="truncate font-semibold">{me.name}</span>
          <span class="sr-only">{words().me.itsYou}</span>
        </button>
      ) : (
        <p class="min-w-0 flex-1 truncate leading-5 text-quiet">{words().me.visitor}</p>
      )}
      <IconButton icon="settings" label={words().settings.title} onClick={() => (overlay.value = "settings")} />
      <IconButton icon={theme.value} label={words().me.colours[theme.value]} onClick={nextTheme} />
    </div>
  )
}
