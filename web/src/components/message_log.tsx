import { useComputed, useSignal } from "@preact/signals"
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import type { Room } from "../chat/room"
import { type Row, rows } from "../model/rows"
import { useChat } from "./chat_context"
import { Day } from "./clock"
import { AloneHint, EmptyHint, RoomStart } from "./hints"
import { Icon } from "./icon"
import { MessageRow } from "./message_row"
import { moveAmongMessages } from "./log_keys"
import { useLogScroll } from "./log_scroll"
import { PostRow } from "./post_row"
import { isTouch } from "./screen"
import { Skeleton } from "./skeleton"
import { useTarget } from "./target"

export function MessageLog({ room }: { room: Room }) {
  const chat = useChat()
  const box = useRef<HTMLDivElement>(null)
  const active = useSignal<string | null>(null)
  const scroll = useLogScroll(box, () => void chat.attempt(() => room.loadOlder()))
  const lines = useComputed(() =>
    rows(room.history.value.messages, room.posting.outbox.value, chat.me.value, room.reading.value.line),
  )
  const { seq, more } = room.history.value
  const loaded = seq !== null

  useLayoutEffect(() => {
    if (loaded && room.unread.peek() > 0) scroll.toRow("new")
  }, [loaded])
  useOwnPosts(room, scroll.toEnd)
  useLook(room, loaded && scroll.atEnd.value)
  useTarget(room, scroll.toRow)

  const pointed = (event: Event) => {
    const row = (event.target as Element).closest<HTMLElement>("[data-key]")
    if (row) active.value = row.dataset.key!
  }
  return (
    <div class="relative min-h-0 flex-1">
      <div
        ref={box}
        class="h-full overflow-x-hidden overflow-y-auto overscroll-contain [overflow-anchor:none]"
        role="log"
        aria-label={`Messages in ${room.name}`}
        aria-live="polite"
        aria-busy={room.loadingOlder.value || !loaded}
        tabIndex={0}
        onScroll={scroll.note}
        onPointerOver={(event) => event.pointerType === "mouse" && !isTouch.value && pointed(event)}
        onPointerLeave={() => (active.value = null)}
        onClick={pointed}
        onFocusIn={pointed}
        onKeyDown={(event) => moveAmongMessages(event, box.current!)}
      >
        <div class="mx-auto flex min-h-full max-w-3xl flex-col justify-end px-2 pt-6 pb-2 sm:px-5">
          {!loaded && <Skeleton />}
          {loaded && !more && lines.value.length > 0 && <RoomStart room={room} />}
          {more && <Skeleton lines={2} />}
          {lines.value.map((row) => (
            <Line key={row.key} row={row} room={room} active={active.value === row.key} />
          ))}
          {loaded && lines.value.length === 0 && <EmptyHint room={room} />}
          {loaded && <AloneHint room={room} />}
        </div>
      </div>
      {loaded && !scroll.atEnd.value && <ToNewest unread={room.unread.value} onClick={scroll.toEnd} />}
    </div>
  )
}

function Line({ row, room, active }: { row: Row; room: Room; active: boolean }) {
  switch (row.kind) {
    case "day":
      return (
        <h2 class="my-4 flex items-center gap-3 px-2 text-[0.8125rem] font-semibold text-quiet" data-key={row.key}>
          <span class="h-px flex-1 bg-line" />
          <Day at={row.at} />
          <span class="h-px flex-1 bg-line" />
        </h2>
      )
    case "new":
      return (
        <p class="my-3 flex items-center gap-3 px-2 text-[0.8125rem] font-semibold text-fresh" data-key="new">
          <span class="h-px flex-1 bg-fresh opacity-60" />
          New
        </p>
      )
    case "message":
      return <MessageRow {...row} id={row.key} room={room} active={active} />
    case "post":
      return <PostRow {...row} id={row.key} room={room} />
  }
}

function ToNewest({ unread, onClick }: { unread: number; onClick: () => void }) {
  return (
    <button
      type="button"
      class="absolute bottom-3 left-1/2 flex -translate-x-1/2 items-center gap-2 rounded-full border border-line bg-raised px-4 py-2 text-[0.8125rem] font-semibold text-accent shadow-float hover:bg-hover"
      onClick={onClick}
    >
      <Icon name="down" size={15} />
      {unread > 0 ? `${unread} new` : "Newest"}
    </button>
  )
}

/** Whoever says something wants to see it said. */
function useOwnPosts(room: Room, toEnd: () => void) {
  const newest = room.posting.outbox.value.at(-1)?.client_id
  useLayoutEffect(() => {
    if (newest) toEnd()
  }, [newest])
}

/** The newest message counts as seen while it is on a screen that somebody can see. */
function useLook(room: Room, atEnd: boolean) {
  useEffect(() => {
    const look = () => room.look(atEnd && !document.hidden)
    look()
    document.addEventListener("visibilitychange", look)
    return () => document.removeEventListener("visibilitychange", look)
  }, [room, atEnd])
  useEffect(() => () => room.look(false), [room])
}
