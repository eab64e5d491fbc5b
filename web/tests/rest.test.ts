import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, expect, test, vi } from "vitest"
import { listRooms, search } from "../src/connection/rest"

const realFetch = globalThis.fetch
afterEach(() => vi.unstubAllGlobals())

/** A real server that answers each request with these bytes, and hangs up. */
async function answering(...answer: string[]) {
  const server = createServer(({ socket }) => socket.end(answer.join("\r\n")))
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  const { port } = server.address() as AddressInfo
  vi.stubGlobal("fetch", (address: string, init?: RequestInit) => realFetch(`http://127.0.0.1:${port}${address}`, init))
  return { [Symbol.dispose]: () => void server.close() }
}

test("what a server says whole is its answer", async () => {
  using _ = await answering("HTTP/1.1 200 OK", "content-length: 15", "", '{"channels":[]}')
  expect(await listRooms()).toEqual([])
})

test("an answer that breaks off is none, whatever its status was", async () => {
  using _ = await answering("HTTP/1.1 200 OK", "content-length: 1000", "", '{"channels":[')
  await expect(listRooms()).rejects.toMatchObject({ refusal: { reason: "offline" } })
})

test("a refusal says why, and one without words is for a moment", async () => {
  const refusal = '{"error":{"reason":"invalid","message":""}}'
  {
    using _ = await answering("HTTP/1.1 422 No", `content-length: ${refusal.length}`, "", refusal)
    await expect(listRooms()).rejects.toMatchObject({ refusal: { reason: "invalid" } })
  }
  using _ = await answering("HTTP/1.1 502 Bad Gateway", "content-length: 4", "", "oops")
  await expect(listRooms()).rejects.toMatchObject({ refusal: { reason: "unavailable" } })
})

test("nobody there is offline, and a search that was given up is nothing", async () => {
  vi.stubGlobal("fetch", (_: string, init?: RequestInit) => realFetch("http://127.0.0.1:1/", init))
  await expect(listRooms()).rejects.toMatchObject({ refusal: { reason: "offline" } })
  const gone = AbortSignal.abort()
  await expect(search("word", null, gone)).rejects.toMatchObject({ name: "AbortError" })
})
