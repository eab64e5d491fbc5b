// phoenix.js under orders: every line on stdin is one, as JSON; every line on stdout answers one by its `id`, or tells
// what happened to a socket. Its argument is where phoenix.js is.
import { createInterface } from "node:readline"

if (Number.parseInt(process.versions.node) < 22) {
  // Node 20 says "error" of a handshake that failed, and forgets that this is the end.
  globalThis.WebSocket = class WebSocket extends globalThis.WebSocket {
    #failed = false

    constructor(...how) {
      super(...how)
      this.addEventListener("error", () => {
        if (this.readyState !== 0) return
        this.#failed = true
        this.dispatchEvent(Object.assign(new Event("close"), { code: 1006, reason: "", wasClean: false }))
      })
    }

    get readyState() {
      return this.#failed ? 3 : super.readyState
    }
  }
}

const { LongPoll, Presence, Socket } = await import(process.argv[2])

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

/** As a browser has one for each tab. */
class Storage {
  items = new Map()
  getItem = (key) => this.items.get(key) ?? null
  setItem = (key, value) => this.items.set(key, value)
}

class Puppet {
  channels = new Map()
  storage = new Storage()

  constructor(name, url, { longpoll, reconnectAfter, ...options }) {
    const transport = longpoll ? { transport: LongPoll } : {}
    if (reconnectAfter !== undefined) options.reconnectAfterMs = () => reconnectAfter
    this.happened = (what, more = {}) => tell({ socket: name, what, ...more })
    this.socket = new Socket(url, { sessionStorage: this.storage, ...transport, ...options })
    this.socket.onOpen(() => this.happened("open", { transport: this.socket.transportName(this.socket.transport) }))
    this.socket.onClose(({ code, reason, wasClean }) => this.happened("close", { code, reason, wasClean }))
    this.socket.onError((error) => this.happened("error", { error: `${error?.message ?? error}` }))
    this.socket.onMessage(({ event, ref, topic }) => {
      if (topic === "phoenix" && event === "phx_reply") this.happened("pong", { ref })
    })
  }

  connect = () => this.socket.connect()

  disconnect = () => new Promise((done) => this.socket.disconnect(done))

  /** Resolves when the join is answered; each one, rejoins too, is told as well. With `resume` they say `after`. */
  join = ({ topic, payload = {}, resume = false }) =>
    new Promise((answered) => {
      let seq
      const channel = this.socket.channel(topic, () => (resume && seq !== undefined ? { ...payload, after: seq } : payload))
      channel.onMessage = (event, message) => {
        if (!event.startsWith("chan_reply_")) this.happened("message", { topic, event, payload: message })
        seq = message?.seq ?? seq
        return message
      }
      this.channels.set(topic, channel)
      const presence = new Presence(channel)
      presence.onSync(() => this.happened("sync", { topic, people: present(presence) }))
      const joined = (status) => (response) => {
        if (status === "ok") seq = response.last_seq
        this.happened("join", { topic, status, response })
        answered({ status, response })
      }
      channel.join().receive("ok", joined("ok")).receive("error", joined("error")).receive("timeout", joined("timeout"))
    })

  leave = ({ topic }) => settled(this.channels.get(topic).leave())

  /** All of them in one turn of the event loop; resolves to what each was answered. */
  push = ({ topic, event, payloads, timeout }) =>
    Promise.all(payloads.map((payload) => settled(this.channels.get(topic).push(event, payload, timeout))))

  pushBinary = ({ topic, event, bytes }) =>
    settled(this.channels.get(topic).push(event, new Uint8Array(bytes).buffer))

  idle = ({ seconds }) => new Promise((done) => setTimeout(done, seconds * 1000))

  ping = () => new Promise((done) => this.socket.ping(done))

  state = () => this.socket.connectionState()

  /** The session's token is one that the server does not know any more. */
  forgetSession = () => {
    Object.defineProperty(this.socket.conn, "token", { get: () => "poll.long-gone", set() {} })
  }
}

/** By id, the names in all their tabs. */
const present = (presence) =>
  Object.fromEntries(presence.list((id, { metas }) => [id, metas.map((meta) => meta.name)]))

const settled = (push) =>
  new Promise((answered) => {
    for (const status of ["ok", "error", "timeout"]) push.receive(status, (response) => answered({ status, response }))
  })

const puppets = new Map()

async function obey({ id, socket, order, ...how }) {
  if (order === "make") {
    puppets.set(socket, new Puppet(socket, how.url, how.options))
    tell({ id, result: null })
  } else {
    tell({ id, result: (await puppets.get(socket)[order](how)) ?? null })
  }
}

for await (const line of createInterface({ input: process.stdin })) void obey(JSON.parse(line))
process.exit()
