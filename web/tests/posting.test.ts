import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { Posting } from "../src/chat/posting"
import { TypingSignal } from "../src/chat/typing_signal"
import { Refused } from "../src/connection/ask"
import type { Posted } from "../src/model/contract"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A server that answers when told to. */
function server() {
  const heard: { text: string; client_id: string; answer: (reply: Posted | Refused) => void }[] = []
  const mouth = {
    open: true,
    isOpen: () => mouth.open,
    say: (text: string, client_id: string) =>
      new Promise<Posted>((resolve, reject) => {
        const answer = (reply: Posted | Refused) => (reply instanceof Refused ? reject(reply) : resolve(reply))
        heard.push({ text, client_id, answer })
      }),
  }
  const settle = () => vi.advanceTimersByTimeAsync(0)
  return { heard, mouth, settle, texts: () => heard.map(({ text }) => text) }
}
const stored = (seq: number): Posted => ({ id: `m${seq}`, seq, inserted_at: "t" })

test("the second post waits for the answer to the first", async () => {
  const { heard, mouth, settle, texts } = server()
  const posting = new Posting(mouth)
  posting.post("one")
  posting.post("two")
  expect(texts()).toEqual(["one"])
  heard[0]!.answer(stored(1))
  await settle()
  expect(texts()).toEqual(["one", "two"])
})

test("what is written offline goes out in order when the room is open again", async () => {
  const { heard, mouth, settle, texts } = server()
  mouth.open = false
  const posting = new Posting(mouth)
  posting.post("one")
  posting.post("two")
  expect(texts()).toEqual([])
  mouth.open = true
  posting.pump()
  heard[0]!.answer(stored(1))
  await settle()
  expect(texts()).toEqual(["one", "two"])
})

test("a post whose answer was lost goes again as the same post, and a late answer is ignored", async () => {
  const { heard, mouth, settle } = server()
  const posting = new Posting(mouth)
  posting.post("one")
  posting.lost()
  heard[0]!.answer(new Refused({ reason: "timeout" }))
  await settle()
  expect(posting.outbox.value[0]).toMatchObject({ state: "waiting" })
  posting.pump()
  expect(heard[1]!.client_id).toBe(heard[0]!.client_id)
})

test("a plea for patience is followed to the millisecond", async () => {
  const { heard, mouth, settle } = server()
  const posting = new Posting(mouth)
  posting.post("one")
  heard[0]!.answer(new Refused({ reason: "rate_limited", retry_after_ms: 1500 }))
  await settle()
  await vi.advanceTimersByTimeAsync(1499)
  expect(heard).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(heard).toHaveLength(2)
})

test("typing is told at most every three seconds, and its end once", () => {
  const told: boolean[] = []
  const typing = new TypingSignal((on) => told.push(on))
  typing.typed("h", 0)
  typing.typed("he", 100)
  typing.typed("hel", 2999)
  expect(told).toEqual([true])
  typing.typed("hell", 3000)
  typing.stopped()
  typing.stopped()
  expect(told).toEqual([true, true, false])
})

test("an emptied field means that one stopped typing", () => {
  const told: boolean[] = []
  const typing = new TypingSignal((on) => told.push(on))
  typing.typed("h", 0)
  typing.typed("  ", 10)
  expect(told).toEqual([true, false])
})
