const again = 3000

/** Tells the room that somebody types: at most every three seconds, and once when they stop. */
export class TypingSignal {
  #sentAt = -Infinity

  constructor(private readonly tell: (typing: boolean) => void) {}

  typed(text: string, now = Date.now()): void {
    if (text.trim() === "") this.stopped()
    else if (now - this.#sentAt >= again) {
      this.#sentAt = now
      this.tell(true)
    }
  }

  /** The words are gone: cleared, or sent (which tells by itself, but not to those who missed it). */
  stopped(): void {
    if (this.#sentAt === -Infinity) return
    this.#sentAt = -Infinity
    this.tell(false)
  }
}
