import { useComputed, useSignal } from "@preact/signals"
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import type { Room } from "../chat/room"
import { words } from "../language/language"
import { firstNew, type Row, rowKey, rows } from "../model/rows"
import { hasStrayed, nearsEnd, nearsStart, screenful, spanAround, theEnd } from "../model/span"
import { Refused } from "../connection/ask"
import type { User } from "../model/contract"
import { useChat } from "./chat_context"
import { Announcement } from "./announcement"
import { Day } from "./clock"
import { AloneHint, EmptyHint, RoomStart } from "./hints"
import { Icon } from "./icon"
import { MessageRow } from "./message_row"
import { moveAmongMessages } from "./log_keys"
import { useLogScroll } from "./log_scroll"
import { usePointedRow } from "./pointed_row"
import { useLegible } from "./message_text"
import { PostRow } from "./post_row"
import { height } from "./screen"
import { Skeleton } from "./skeleton"
import { glow, isHeld, sought, type Target } from "./visit"

export function MessageLog({ room }: { room: Room }) {
  const chat = useChat()
  const box = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const pointed = usePointedRow()
  /** The event around which messages are drawn. */
  const around = useSignal(theEnd)
  /** Whether one is where one left; until then nothing counts as seen. */
  const placed = useSignal(false)
  const drawn = useComputed(() => draw(room, chat.me.value, around.value))
  const scroll = useLogScroll(box, list, () => drawn.peek().isEnd, (seq, atEnd) => {
    const { messages } = room.history.peek()
    if (atEnd) around.value = theEnd
    if (atEnd || seq === null) return
    if (hasStrayed(messages, around.peek(), seq)) around.value = seq
    if (nearsStart(messages, seq)) quietly(room.paging.older())
    if (nearsEnd(messages, seq)) quietly(room.paging.newer())
  })
  const { rows: lines, isStart, isEnd } = drawn.value
  const { seq, more, messages } = room.history.value
  const wanted = chat.target.value?.room === room.name ? chat.target.value : null
  const isLegible = useLegible(messages)
  const loaded = seq !== null && isLegible
  /** On the way to a message of long ago, one isn't shown the newest first. */
  const onTheWay = loaded && wanted !== null && !isHeld(room, wanted)
  const isShown = isLegible && !onTheWay

  const toMessage = (seq: number, key: string, reached?: (row: HTMLElement) => void) => {
    around.value = seq
    scroll.toRow(key, reached)
  }
  const toNew = async () => {
    const { line, unread } = room.reading.peek()
    if (unread === 0 || line === null) return
    if (!reachesBackTo(room, line)) await chat.attempt(() => room.paging.goTo(line))
    else if (scroll.isInSight("new")) return
    toMessage(line, "new")
  }
  const toTarget = async (target: Target) => {
    const message = await sought(chat, room, target)
    if (message) toMessage(message.seq, rowKey(message, chat.me.peek()), glow)
  }
  const toEnd = async () => {
    chat.leaveTarget()
    await chat.attempt(() => room.paging.goToNewest())
    around.value = theEnd
    scroll.toEnd()
  }
  const place = async () => {
    placed.value = false
    const target = chat.target.peek()
    if (target?.room === room.name) await toTarget(target)
    else if (scroll.atEnd.peek()) await toNew()
    placed.value = true
  }
  useLayoutEffect(() => {
    if (loaded && !wanted) void place()
  }, [loaded])
  useLayoutEffect(() => {
    if (loaded && wanted) void place()
  }, [loaded, wanted])
  useReturn(room, place)
  useOwnPosts(room, toEnd)
  useLook(room, placed.value && scroll.atEnd.value)

  const scrolled = () => {
    pointed.scrolled()
    scroll.scrolled()
  }
  return (
    <div class="relative min-h-0 flex-1">
      <div
        ref={box}
        class="h-full overflow-x-hidden overflow-y-auto overscroll-contain [overflow-anchor:none]"
        role="log"
        aria-label={words().log.messagesIn(room.name)}
        aria-live="off"
        aria-busy={room.paging.loading.value || !loaded || onTheWay}
        tabIndex={0}
        onScroll={scrolled}
        {...pointed.events}
        onKeyDown={(event) => moveAmongMessages(event, box.current!)}
      >
        <div class="mx-auto flex min-h-full max-w-3xl flex-col justify-end px-2 pt-6 pb-2 sm:px-5">
          {(!isShown || (!loaded && lines.length === 0)) && <Skeleton />}
          <div ref={list}>
            {isShown && isStart && !more && lines.length > 0 && <RoomStart room={room} />}
            {isShown && isStart && more && <Skeleton lines={2} />}
            {isShown &&
              lines.map((row) => <Line key={row.key} row={row} room={room} active={pointed.key.value === row.key} />)}
          </div>
          {!loaded && isLegible && lines.length > 0 && <p class="patient px-2 py-3 text-center text-[0.8125rem] text-quiet">{words().log.kept}</p>}
          {loaded && lines.length === 0 && <EmptyHint room={room} />}
          {loaded && !onTheWay && !room.isCurrent.value && <Skeleton lines={2} />}
          {loaded && !onTheWay && isEnd && <AloneHint room={room} />}
        </div>
      </div>
      {loaded && !onTheWay && !scroll.atEnd.value && <ToNewest unread={room.unread.value} onClick={() => void toEnd()} />}
      <Announcement room={room} />
    </div>
  )
}

interface Drawn {
  rows: Row[]
  /** Whether the first message held is among them, and whether the newest there is. */
  isStart: boolean
  isEnd: boolean
}

function draw(room: Room, me: User | null, around: number): Drawn {
  const { messages, seq, more } = room.history.value
  const { from, to } = spanAround(messages, around, screenful(height.value), Number(more))
  const isEnd = to === messages.length && room.isCurrent.value
  const newId = firstNew(messages, me, room.reading.value.line)
  const outbox = isEnd ? room.posting.outbox.value : []
  return {
    rows: rows(messages.slice(from, to), outbox, me, newId, messages[from - 1]),
    isStart: seq !== null && from === Math.min(Number(more), messages.length),
    isEnd,
  }
}

function reachesBackTo(room: Room, seq: number): boolean {
  const { messages, more } = room.history.peek()
  return !more || (messages[0]?.seq ?? 0) <= seq
}

/** Scrolling asks again by itself. */
function quietly(loading: Promise<void>): void {
  loading.catch((error: unknown) => {
    if (!(error instanceof Refused)) throw error
  })
}

function Line({ row, room, active }: { row: Row; room: Room; active: boolean }) {
  switch (row.kind) {
    case "day":
      return (
        <h2 class="flex items-center gap-3 px-2 py-4 text-[0.8125rem] leading-5 font-semibold text-quiet" data-key={row.key}>
          <span class="h-px flex-1 bg-line" />
          <Day at={row.at} />
          <span class="h-px flex-1 bg-line" />
        </h2>
      )
    case "new":
      return (
        <p class="flex items-center gap-3 px-2 py-3 text-[0.8125rem] leading-5 font-semibold text-fresh" data-key="new">
          <span class="h-px flex-1 bg-fresh opacity-60" />
          {words().log.new}
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
      {unread > 0 ? words().log.newCount(unread) : words().log.newest}
    </button>
  )
}

/** Whoever says something wants to see it said. */
function useOwnPosts(room: Room, toEnd: () => Promise<void>) {
  const newest = room.posting.outbox.value.at(-1)?.client_id
  const first = useRef(true)
  useLayoutEffect(() => {
    if (newest && !first.current) void toEnd()
    first.current = false
  }, [newest])
}

/** After a connection was lost, one goes on reading where one was when it was. */
function useReturn(room: Room, returned: () => Promise<void>) {
  const returns = room.returns.value
  const first = useRef(true)
  useLayoutEffect(() => {
    if (!first.current) void returned()
    first.current = false
  }, [returns])
}

/** The newest message counts as seen while it is on a screen that somebody can see. */
function useLook(room: Room, atEnd: boolean) {
  useEffect(() => {
    const look = () => room.look(atEnd, !document.hidden)
    look()
    document.addEventListener("visibilitychange", look)
    return () => document.removeEventListener("visibilitychange", look)
  }, [room, atEnd])
  useEffect(() => () => room.turnAway(), [room])
}
