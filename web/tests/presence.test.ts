import { type Channel, Presence, Socket } from "phoenix"
import { expect, test } from "vitest"
import { presenceOn } from "../src/chat/presence"

const topic = "chat:lobby"
const ann = { ann: { metas: [{ phx_ref: "1" }] } }
const bob = { bob: { metas: [{ phx_ref: "2" }] } }

class Line {
  static last: Line
  readyState = 1
  bufferedAmount = 0
  sent: string[][] = []
  onopen = () => {}
  onmessage = (_: { data: string }) => {}

  constructor() {
    Line.last = this
  }
  send(text: string) {
    this.sent.push(JSON.parse(text))
  }
  close() {}
  hear(...message: unknown[]) {
    this.onmessage({ data: JSON.stringify(message) })
  }
}

function joined(listen: (channel: Channel) => Presence) {
  const socket = new Socket("ws://chat/socket", { transport: Line as unknown as typeof WebSocket })
  socket.connect()
  Line.last.onopen()
  const channel = socket.channel(topic)
  const presence = listen(channel)
  channel.join()
  const here = () => presence.list((id: string) => id)
  return { line: Line.last, ref: Line.last.sent.at(-1)![0], here }
}

test.each([
  ["phoenix.js's own brings back who left", (channel: Channel) => new Presence(channel), ["ann", "bob"]],
  ["ours does not", presenceOn, ["ann"]],
])("a diff of an earlier join that comes before the state: %s", (_, listen, expected) => {
  const { line, ref, here } = joined(listen)
  line.hear(null, null, topic, "presence_diff", { joins: bob, leaves: {} })
  line.hear(ref, ref, topic, "phx_reply", { status: "ok", response: {} })
  line.hear(ref, null, topic, "presence_state", ann)
  expect(here()).toEqual(expected)
})

test("a diff behind the state counts", () => {
  const { line, ref, here } = joined(presenceOn)
  line.hear(ref, ref, topic, "phx_reply", { status: "ok", response: {} })
  line.hear(ref, null, topic, "presence_state", ann)
  line.hear(null, null, topic, "presence_diff", { joins: bob, leaves: ann })
  expect(here()).toEqual(["bob"])
})
