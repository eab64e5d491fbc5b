// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { Posting } from "../src/chat/posting"
import { Shelf } from "../src/chat/shelf"
import { TypingSignal } from "../src/chat/typing_signal"
import { Refused } from "../src/connection/ask"
import type { Posted } from "../src/model/contract"
import { ada, bo, said } from "./people"

beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
})
afterEach(() => void vi.useRealTimers())

/** A server that answers when told to. */
function server() {
  const heard: { text: string; client_id: string; answer: (reply: Posted | Refused) => void }[] = []
  const mouth = {
    me: ada.id as string | null,
    author: () => mouth.me,
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

/** The room in a page that was just loaded. */
function open(mouth: ReturnType<typeof server>["mouth"]): Posting {
  const posting = new Posting(mouth, new Shelf("lobby"))
  if (mouth.me) posting.speakAs(mouth.me)
  return posting
}

test("the second post waits for the answer to the first", async () => {
  const { heard, mouth, settle, texts } = server()
  const posting = open(mouth)
  posting.post("one")
  await vi.advanceTimersByTimeAsync(500)
  posting.post("two")
  expect(texts()).toEqual(["one"])
  heard[0]!.answer(stored(1))
  await settle()
  expect(texts()).toEqual(["one", "two"])
})

test("what is written in one breath goes out half a second apart, and says so", async () => {
  const { heard, mouth, settle, texts } = server()
  const posting = open(mouth)
  for (const text of ["one", "two", "three"]) posting.post(text)
  const now = Date.now()
  expect(posting.outbox.value.map(({ notBefore }) => notBefore)).toEqual([undefined, now + 500, now + 1000])
  heard[0]!.answer(stored(1))
  await vi.advanceTimersByTimeAsync(499)
  expect(texts()).toEqual(["one"])
  await vi.advanceTimersByTimeAsync(1)
  expect(texts()).toEqual(["one", "two"])
  heard[1]!.answer(stored(2))
  await settle()
  expect(texts()).toEqual(["one", "two"])
  await vi.advanceTimersByTimeAsync(500)
  expect(texts()).toEqual(["one", "two", "three"])
})

test("what is written offline goes out in order when the room is open again", async () => {
  const { heard, mouth, settle, texts } = server()
  mouth.open = false
  const posting = open(mouth)
  posting.post("one")
  posting.post("two")
  await vi.advanceTimersByTimeAsync(500)
  expect(texts()).toEqual([])
  mouth.open = true
  posting.pump()
  heard[0]!.answer(stored(1))
  await settle()
  expect(texts()).toEqual(["one", "two"])
})

test("a post whose answer was lost goes again as the same post, and a late answer is ignored", async () => {
  const { heard, mouth, settle } = server()
  const posting = open(mouth)
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
  const posting = open(mouth)
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

describe("a page that is loaded again", () => {
  test("sends what was waiting, in the order in which it was written", async () => {
    const { heard, mouth, settle, texts } = server()
    mouth.open = false
    const before = open(mouth)
    for (const text of ["one", "two", "three"]) before.post(text)
    mouth.open = true
    open(mouth)
    for (const seq of [1, 2, 3]) {
      heard.at(-1)!.answer(stored(seq))
      await settle()
    }
    expect(texts()).toEqual(["one", "two", "three"])
  })

  test("in the middle of a send sends it again as the same post", () => {
    const { heard, mouth } = server()
    open(mouth).post("one")
    open(mouth)
    expect(heard.map(({ client_id }) => client_id)).toEqual([heard[0]!.client_id, heard[0]!.client_id])
  })

  test("doesn't send again what was answered or discarded", async () => {
    const { heard, mouth, settle } = server()
    const before = open(mouth)
    before.post("one")
    heard[0]!.answer(stored(1))
    await settle()
    before.post("two")
    before.discard(before.outbox.value[1]!.client_id)
    expect(open(mouth).outbox.value).toEqual([])
  })

  test("drops what the room shows already, though its answer was never heard", () => {
    const { heard, mouth } = server()
    open(mouth).post("one")
    mouth.open = false
    const posting = open(mouth)
    expect(posting.outbox.value).toHaveLength(1)
    const messages = [said(1, ada, "one", 1, { client_id: heard[0]!.client_id })]
    posting.settle({ seq: 1, messages, more: false, newest: 1 })
    expect(posting.outbox.value).toEqual([])
    expect(open(mouth).outbox.value).toEqual([])
  })

  test("still shows what failed, and why", async () => {
    const { heard, mouth, settle } = server()
    open(mouth).post("one")
    heard[0]!.answer(new Refused({ reason: "too_long", message: "Too long." }))
    await settle()
    expect(open(mouth).outbox.value[0]).toMatchObject({ text: "one", state: "failed", why: "too_long" })
    expect(heard).toHaveLength(1)
  })

  test("knows the posts of its own room only", () => {
    const { mouth } = server()
    mouth.open = false
    open(mouth).post("one")
    const garden = new Posting(mouth, new Shelf("garden"))
    garden.speakAs(ada.id)
    expect(garden.outbox.value).toEqual([])
  })

  test("under another name asks before it sends", () => {
    const { heard, mouth } = server()
    mouth.open = false
    open(mouth).post("one")
    Object.assign(mouth, { me: bo.id, open: true })
    const posting = open(mouth)
    expect(posting.outbox.value[0]).toMatchObject({ state: "failed" })
    expect(heard).toHaveLength(0)
    posting.retry(posting.outbox.value[0]!.client_id)
    expect(heard).toHaveLength(1)
    posting.clear()
    expect(open(mouth).outbox.value).toEqual([])
  })
})

describe("two tabs of one person", () => {
  const tellOthers = (key: string) =>
    window.dispatchEvent(new StorageEvent("storage", { key, newValue: null, storageArea: localStorage }))

  test("never send two messages for one post", () => {
    const { heard, mouth } = server()
    mouth.open = false
    open(mouth).post("one")
    mouth.open = true
    open(mouth)
    open(mouth)
    expect(new Set(heard.map(({ client_id }) => client_id)).size).toBe(1)
  })

  test("drop what the other one saw answered or discarded", () => {
    const { mouth } = server()
    mouth.open = false
    const left = open(mouth)
    left.post("one")
    left.post("two")
    const right = open(mouth)
    expect(right.outbox.value).toHaveLength(2)
    const [key] = Object.keys(localStorage).sort()
    left.discard(left.outbox.value[0]!.client_id)
    tellOthers(key!)
    expect(right.outbox.value.map(({ text }) => text)).toEqual(["two"])
    expect(open(mouth).outbox.value.map(({ text }) => text)).toEqual(["two"])
  })
})

test("what can't be taken any more is refused, so that its author keeps the words", () => {
  const { mouth } = server()
  mouth.open = false
  const posting = open(mouth)
  for (let number = 0; number < 100; number++) expect(posting.post(`${number}`)).toBe(true)
  expect(posting.post("one more")).toBe(false)
})
