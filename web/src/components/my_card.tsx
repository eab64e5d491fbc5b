import { nextTheme, theme } from "../chat/theme"
import { allLanguages, choose, language, words } from "../language/language"
import { Avatar } from "./avatar"
import { useChat } from "./chat_context"
import { IconButton } from "./icon"

/** Who I am here, and how the page looks. */
export function MyCard() {
  const chat = useChat()
  const me = chat.me.value
  const at = allLanguages.findIndex((each) => each.language === language.value)
  return (
    <div class="flex items-center gap-2.5 border-t border-line p-3 pl-4">
      {me && <Avatar user={me} />}
      <p class="min-w-0 flex-1 truncate leading-5">
        {me ? <span class="font-semibold">{me.name}</span> : <span class="text-quiet">{words().me.visitor}</span>}
      </p>
      <IconButton
        icon="language"
        label={words().me.language(allLanguages[at]!.name)}
        onClick={() => choose(allLanguages[(at + 1) % allLanguages.length]!.language)}
      />
      <IconButton icon={theme.value} label={words().me.colours[theme.value]} onClick={nextTheme} />
      {me && <IconButton icon="leave" label={words().me.leave} onClick={() => chat.leave()} />}
    </div>
  )
}
