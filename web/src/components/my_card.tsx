import { nextTheme, theme } from "../chat/theme"
import { Avatar } from "./avatar"
import { useChat } from "./chat_context"
import { IconButton } from "./icon"

/** Who I am here, and how the page looks. */
export function MyCard() {
  const chat = useChat()
  const me = chat.me.value
  return (
    <div class="flex items-center gap-2.5 border-t border-line p-3 pl-4">
      {me && <Avatar user={me} />}
      <p class="min-w-0 flex-1 truncate leading-5">
        {me ? <span class="font-semibold">{me.name}</span> : <span class="text-quiet">Reading as a visitor</span>}
      </p>
      <IconButton icon={theme.value} label={`Colours: ${theme.value}`} onClick={nextTheme} />
      {me && <IconButton icon="leave" label="Leave" onClick={() => chat.leave()} />}
    </div>
  )
}
