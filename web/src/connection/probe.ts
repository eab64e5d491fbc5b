const soon = 5000
const later = 60_000
const longest = 10 * 60_000
const answerWithin = 5000

const heartbeat = JSON.stringify([null, "probe", "phoenix", "heartbeat", {}])

/** Looks from time to time, less and less often, whether a WebSocket gets through; once one did, it is done. */
export class Probe {
  #timer: ReturnType<typeof setTimeout> | undefined
  #socket: WebSocket | undefined

  constructor(
    private readonly endpoint: string,
    private readonly found: () => void,
  ) {}

  /** `hopeful`: it worked a while ago, so most likely the server was only away. */
  start(hopeful: boolean): void {
    this.stop()
    this.#later(hopeful ? soon : later)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#socket?.close()
    this.#socket = undefined
  }

  #later(wait: number): void {
    this.#timer = setTimeout(() => void this.#look(wait), wait)
  }

  async #look(wait: number): Promise<void> {
    const socket = (this.#socket = this.#open())
    const works = await answers(socket)
    socket?.close()
    if (socket !== this.#socket) return
    if (works) this.found()
    else this.#later(Math.min(wait * 2, longest))
  }

  #open(): WebSocket | undefined {
    try {
      return new WebSocket(`${this.endpoint}/websocket?vsn=2.0.0`)
    } catch {
      return undefined
    }
  }
}

/** Some proxies let a WebSocket open, and nothing through it. */
function answers(socket: WebSocket | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    if (!socket) return resolve(false)
    setTimeout(() => resolve(false), answerWithin)
    socket.onopen = () => socket.send(heartbeat)
    socket.onmessage = () => resolve(true)
    socket.onclose = () => resolve(false)
  })
}
