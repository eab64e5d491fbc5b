import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { words } from "../language/language"
import { useChat } from "./chat_context"

/** One quiet line while there is no connection, with what happens next. Nothing moves when it comes or goes. */
export function ConnectionLine() {
  const chat = useChat()
  const { state, retryAt } = chat.link
  if (state.value !== "lost") return null
  return (
    <div
      class="patient absolute inset-x-0 top-14 z-10 flex items-center justify-center gap-x-3 border-b border-line bg-rail px-3 py-1.5 text-small"
      role="status"
    >
      <span class="breathe size-2 rounded-full bg-away" />
      <span>
        {words().connection.lost} <Countdown to={retryAt.value} />
      </span>
      <button type="button" class="link reach" onClick={() => chat.link.hurry()}>
        {words().tryNow}
      </button>
    </div>
  )
}

function Countdown({ to }: { to: number }) {
  const now = useSignal(Date.now())
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 250)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.ceil((to - now.value) / 1000)
  // Not read out each second.
  return seconds > 0 ? <span aria-hidden="true">{words().connection.seconds(seconds)}</span> : null
}
