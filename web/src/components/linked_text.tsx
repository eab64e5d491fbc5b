import { addressOf, withinPage } from "../chat/address"
import { linked } from "../model/links"
import { mentions } from "../model/mention"
import { useChat } from "./chat_context"

/** What somebody wrote, as text and nothing else, with web addresses to click on and people to notice. */
export function LinkedText({ text }: { text: string }) {
  return <>{linked(text).map(({ text, href }) => (href ? <Link href={href}>{text}</Link> : <Plain text={text} />))}</>
}

export function Link({ href, children }: { href: string; children: preact.ComponentChildren }) {
  const here = withinPage(href)
  if (here)
    return (
      <a class="link" href={here}>
        {children}
      </a>
    )
  return (
    <a class="link" href={href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  )
}

function Plain({ text }: { text: string }) {
  return (
    <>
      {mentions(text).map(({ text, name, room }) => {
        if (name) return <Mention name={name} />
        return room ? <RoomMention name={room} /> : text
      })}
    </>
  )
}

/** A link when there is such a room; not each #1 is one. */
function RoomMention({ name }: { name: string }) {
  const isRoom = useChat().directory.value.some((room) => room.name === name)
  if (!isRoom) return <>#{name}</>
  return (
    <a class="font-semibold text-accent hover:underline" href={addressOf(name)}>
      #{name}
    </a>
  )
}

function Mention({ name }: { name: string }) {
  const me = useChat().me.value?.name.toLowerCase() === name.toLowerCase()
  return <span class={`rounded px-0.5 font-semibold ${me ? "bg-tint text-accent-strong" : "text-accent"}`}>@{name}</span>
}
