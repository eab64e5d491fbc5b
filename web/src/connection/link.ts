import { signal } from "@preact/signals"
import { type Channel, LongPoll, Socket } from "phoenix"
import { closedBy, pause } from "../model/reconnect"
import { Probe } from "./probe"

export type LinkState = "connecting" | "open" | "lost"

const endpoint = "/socket"
const fallBackAfter = 4000
const answerWithin = 4000
const steadyAfter = 10_000
const memorizedFallback = "phx:fallback:LongPoll"

/** Parts of phoenix.js's socket that its types keep to themselves. */
interface Inside {
  authToken: (() => string) | undefined
  transport: unknown
  primaryPassedHealthCheck: boolean
}

/**
 * The one connection of the page. It connects again by itself for as long as the page is open; who is on the other
 * side of `authToken` is decided anew at each connect.
 *
 * Where a WebSocket doesn't get through, phoenix.js falls back to long-poll, and would stay there though only the
 * server was away for a moment. So every new attempt begins with a WebSocket again, unless it never worked in this
 * tab; and while on long-poll, a probe looks now and then whether one gets through by now.
 */
export class Link {
  readonly state = signal<LinkState>("connecting")
  /** When the next try begins (milliseconds since 1970), while the connection is lost. */
  readonly retryAt = signal(0)
  readonly #socket: Socket
  readonly #inside: Inside
  readonly #transport = webSocket((code) => (this.#code = code))
  readonly #probe = new Probe(endpoint, () => this.#backToWebSocket())
  #code: number = closedBy.nobody
  #failures = 0
  #steady: ReturnType<typeof setTimeout> | undefined
  #wake: ReturnType<typeof setTimeout> | undefined
  #doubting: ReturnType<typeof setTimeout> | undefined

  constructor(
    private token: string | null,
    private readonly onTokenRefused: () => void,
    onPageGoing: () => void,
  ) {
    // Before the socket, which hangs up then, listens for it: what is said last still gets through.
    window.addEventListener("pagehide", onPageGoing)
    this.#socket = new Socket(endpoint, {
      transport: this.#transport,
      longPollFallbackMs: fallBackAfter,
      reconnectAfterMs: () => this.#delay(),
    })
    this.#inside = this.#socket as unknown as Inside
    this.#useToken()
    this.#socket.onOpen(() => this.#opened())
    this.#socket.onClose((event: CloseEvent) => this.#closed(event.code))
  }

  get hasToken(): boolean {
    return this.token !== null
  }

  connect(): void {
    this.#socket.connect()
  }

  channel(topic: string, params: () => object): Channel {
    return this.#socket.channel(topic, params)
  }

  /** Takes effect at the next connect; the present connection stays who it is. */
  keepToken(token: string | null): void {
    this.token = token
    this.#useToken()
  }

  /** Hangs up and connects at once, as whoever the token now says. */
  again(): void {
    this.#hungUp()
    clearTimeout(this.#wake)
    this.retryAt.value = 0
    this.#socket.disconnect(() => {
      this.#inside.transport = this.#transport
      this.#socket.connect()
    })
  }

  /** Doesn't wait for the next try; does nothing when there is a connection. */
  hurry(): void {
    if (this.state.value === "lost") this.again()
    else this.doubt()
  }

  /** Something makes one wonder whether anybody is still there: no answer to that in four seconds is a no. */
  doubt(): void {
    if (this.state.value !== "open" || this.#doubting !== undefined) return
    this.#doubting = setTimeout(() => this.again(), answerWithin)
    this.#socket.ping(() => this.#trust())
  }

  #trust(): void {
    clearTimeout(this.#doubting)
    this.#doubting = undefined
  }

  #opened(): void {
    this.state.value = "open"
    this.#code = closedBy.nobody
    clearTimeout(this.#wake)
    // A connection that ends as soon as it began is as good as none.
    this.#steady = setTimeout(() => (this.#failures = 0), steadyAfter)
    if (this.#isPolling) this.#probe.start(this.#inside.primaryPassedHealthCheck)
  }

  #closed(code: number): void {
    const isRefusal = this.#isPolling && code === closedBy.policy
    this.#hungUp()
    this.#inside.transport = this.#transport
    if (isRefusal && this.token !== null) this.onTokenRefused()
  }

  #hungUp(): void {
    this.state.value = "lost"
    this.#trust()
    this.#probe.stop()
    clearTimeout(this.#steady)
  }

  get #isPolling(): boolean {
    return this.#inside.transport === LongPoll
  }

  #backToWebSocket(): void {
    sessionStorage.removeItem(memorizedFallback)
    this.again()
  }

  // A socket made with the option `authToken` sends one for ever; a visitor has none to send.
  #useToken(): void {
    const { token } = this
    this.#inside.authToken = token === null ? undefined : () => token
  }

  #delay(): number {
    const delay = pause(this.#code, this.#failures++)
    this.retryAt.value = Date.now() + delay
    // phoenix.js lets a hidden page rest until somebody looks. But its title counts what is new, and its posts wait.
    this.#wake = setTimeout(() => document.hidden && this.#socket.connect(), delay + 500)
    return delay
  }
}

/** A WebSocket that tells why it closed before phoenix.js asks how long to wait. */
function webSocket(tell: (code: number) => void) {
  if (typeof WebSocket !== "function") return LongPoll
  return class PageSocket extends WebSocket {
    constructor(address: string, protocols?: string[]) {
      super(address, protocols)
      this.addEventListener("close", ({ code }) => tell(code))
    }
  }
}
