import { afterEach, expect, test, vi } from "vitest"
import { Paging } from "../src/chat/paging"
import { Refused } from "../src/connection/ask"
import type { Page } from "../src/model/contract"
import type { History } from "../src/model/history"
import { ada, said } from "./people"

afterEach(() => void vi.unstubAllGlobals())

/** A room of a hundred messages, of which 50 to 52 are held; its answers come when they are let. */
function room() {
  const waiting: (() => void)[] = []
  const until = () => new Promise<void>((resolve) => waiting.push(resolve))
  const page = (from: number, to: number): Page => ({ messages: [from, to].map((seq) => said(seq, ada, `${seq}`)), more: true })
  let now: History = { seq: 100, messages: [50, 51, 52].map((seq) => said(seq, ada, `${seq}`)), more: true, newest: 100 }
  const refusals: Refused[] = []
  const paging = new Paging({
    name: "lobby",
    now: () => now,
    show: (next) => void (now = next),
    ask: async (_, { before }) => {
      await until()
      const refusal = refusals.pop()
      if (refusal) throw refusal
      return page(before - 2, before - 1)
    },
  })
  vi.stubGlobal("fetch", async (address: string) => {
    await until()
    const after = Number(/after=(\d+)/.exec(address)![1])
    return new Response(JSON.stringify(page(after + 1, after + 2)))
  })
  const answer = async () => {
    for (const let_go of waiting.splice(0)) let_go()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return { paging, answer, refusals, texts: () => now.messages.map(({ text }) => text) }
}

test("moves on by a page either way", async () => {
  const { paging, answer, texts } = room()
  void paging.older()
  await answer()
  void paging.newer()
  await answer()
  expect(texts()).toEqual(["48", "49", "50", "51", "52", "53", "54"])
})

test("asks for one page at a time", async () => {
  const { paging, answer, texts } = room()
  void paging.older()
  void paging.older()
  void paging.newer()
  expect(paging.loading.value).toBe(true)
  await answer()
  expect(paging.loading.value).toBe(false)
  expect(texts()).toEqual(["48", "49", "50", "51", "52"])
})

test("goes elsewhere at once, and forgets the page that it was waiting for", async () => {
  const { paging, answer, texts } = room()
  void paging.older()
  void paging.goTo(10)
  await answer()
  expect(texts()).toEqual(["58", "59"])
  expect(paging.loading.value).toBe(false)
})

test("of two places that one wants to go to, the later one counts", async () => {
  const { paging, answer, texts } = room()
  void paging.goTo(10)
  void paging.goToNewest()
  await answer()
  expect(texts()).toEqual(["99", "100"])
})

test("waits as long as the server asks for", async () => {
  const { paging, answer, refusals, texts } = room()
  refusals.push(new Refused({ reason: "rate_limited", retry_after_ms: 1 }))
  const older = paging.older()
  await answer()
  await answer()
  await older
  expect(texts()[0]).toBe("48")
})

test("can be moved again after a page that didn't come", async () => {
  const { paging, answer, refusals, texts } = room()
  refusals.push(new Refused({ reason: "timeout" }))
  const older = expect(paging.older()).rejects.toThrow(Refused)
  await answer()
  await older
  expect(paging.loading.value).toBe(false)
  void paging.older()
  await answer()
  expect(texts()[0]).toBe("48")
})
