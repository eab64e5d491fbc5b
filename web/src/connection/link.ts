import { signal } from "@preact/signals"
import { type Channel, Socket } from "phoenix"

export type LinkState = "connecting" | "open" | "lost"

const delays = [50, 250, 500, 1000, 2000, 3000]
const refusalsBelieved = 3

/**
 * The one socket of the page. It connects again by itself for as long as the page is open; who is
 * on the other side of `authToken` is decided anew at each connect.
 */
export class Link {
  readonly state = signal<LinkState>("connecting")
  /** When the next try begins (milliseconds since 1970), while the connection is lost. */
  readonly retryAt = signal(0)
  #failures = 0
  readonly #socket: Socket

  constructor(
    private token: string | null,
    private readonly onTokenRefused: () => void,
  ) {
    this.#socket = new Socket("/socket", { reconnectAfterMs: (tries) => this.#delay(tries) })
    this.#useToken()
    this.#socket.onOpen(() => this.#opened())
    this.#socket.onClose(() => void this.#closed())
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
    this.#failures = 0
    this.#useToken()
  }

  /** Hangs up and connects at once, as whoever the token now says. */
  again(): void {
    this.retryAt.value = 0
    this.#socket.disconnect(() => this.#socket.connect())
  }

  /** Doesn't wait for the next try; does nothing when there is a connection. */
  hurry(): void {
    if (this.state.value === "lost" && this.retryAt.value > Date.now()) this.again()
  }

  #opened(): void {
    this.#failures = 0
    this.state.value = "open"
  }

  async #closed(): Promise<void> {
    if (this.state.value !== "open") this.#failures++
    this.state.value = "lost"
    if (this.token && this.#failures >= refusalsBelieved && (await isHealthy())) this.onTokenRefused()
  }

  // A socket made with the option `authToken` sends one for ever; a visitor has none to send.
  #useToken(): void {
    const socket = this.#socket as unknown as { authToken: (() => string) | undefined }
    const { token } = this
    socket.authToken = token === null ? undefined : () => token
  }

  #delay(tries: number): number {
    const delay = (delays[tries - 1] ?? 5000) * (0.75 + Math.random() / 2)
    this.retryAt.value = Date.now() + delay
    return delay
  }
}

/** A browser doesn't tell a refused handshake from a dead network; a healthy server makes it the former. */
async function isHealthy(): Promise<boolean> {
  try {
    return (await fetch("/api/health")).ok
  } catch {
    return false
  }
}
