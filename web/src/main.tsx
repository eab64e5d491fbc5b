import { render } from "preact"
import { Chat } from "./chat/chat"
import { applyTheme } from "./chat/theme"
import { App } from "./components/app"
import { ChatContext } from "./components/chat_context"
import { beginToSpeak } from "./language/language"
import { keepShell } from "./shell/install"

keepShell()
applyTheme()
const chat = new Chat()
chat.start()
await beginToSpeak()
render(
  <ChatContext.Provider value={chat}>
    <App />
  </ChatContext.Provider>,
  document.getElementById("page")!,
)
