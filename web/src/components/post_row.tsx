import type { Room } from "../chat/room"
import { words } from "../language/language"
import type { User } from "../model/contract"
import { refusal } from "../language/refusal"
import type { Post } from "../model/outbox"
import { isWordless } from "../model/wordless"
import { Avatar } from "./avatar"
import { Byline } from "./message_row"
import { MessageText } from "./message_text"

interface Props {
  id: string
  at: Date
  post: Post
  author: User
  leads: boolean
  room: Room
}

/** What I wrote, before the room has shown it. */
export function PostRow({ id, at, post, author, leads, room }: Props) {
  const settled = post.state === "stored"
  return (
    <article
      class={`flex gap-3 rounded-xl px-2 ${leads ? "mt-2 pt-1.5 pb-0.5" : "py-0.5"}`}
      data-key={id}
      tabIndex={-1}
      aria-label={`${author.name}: ${post.text}`}
      aria-busy={post.state !== "failed"}
    >
      <div class="w-9 flex-none pt-0.5">{leads && <Avatar user={author} />}</div>
      <div class="min-w-0 flex-1">
        {leads && <Byline user={author} mine at={at} />}
        <div class={`${isWordless(post.text) ? "text-3xl leading-snug" : "text-base"} ${settled ? "" : "opacity-75"}`}>
          <MessageText text={post.text} />
        </div>
        <Progress post={post} room={room} />
      </div>
    </article>
  )
}

function Progress({ post, room }: { post: Post; room: Room }) {
  switch (post.state) {
    case "stored":
      return null
    case "sending":
      return <p class="patient text-xs text-quiet">{words().post.sending}</p>
    case "waiting":
      return (
        <p class="patient flex flex-wrap items-center gap-x-3 text-xs text-quiet">
          {waitingFor(post, room)}
          <Discard post={post} room={room} />
        </p>
      )
    case "failed":
      return (
        <p class="flex flex-wrap items-center gap-x-3 text-small text-danger">
          {words().post.notSent(why(post))}
          <button type="button" class="link reach py-1" onClick={() => room.posting.retry(post.client_id)}>
            {words().tryAgain}
          </button>
          <Discard post={post} room={room} />
        </p>
      )
  }
}

function Discard({ post, room }: { post: Post; room: Room }) {
  return (
    <button type="button" class="link reach py-1" onClick={() => room.posting.discard(post.client_id)}>
      {words().post.discard}
    </button>
  )
}

function waitingFor(post: Post, room: Room): string {
  if (room.phase.value !== "open") return words().post.offline
  if (!post.notBefore) return words().post.waiting
  return post.tries > 0 ? words().post.noLuck : words().post.quick
}

function why({ why = "" }: Post): string {
  return why === "anotherName" || why === "anotherNameUnsure" ? words().post[why] : refusal(why)(words())
}
