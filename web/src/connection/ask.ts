import type { Channel } from "phoenix"
import type { Refusal } from "../model/contract"

/** The server said no, or nothing at all (`reason: "timeout"`). */
export class Refused extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.reason)
  }
}

/** Pushes and resolves with the reply; rejects with `Refused`. */
export function ask<Reply>(channel: Channel, event: string, payload: object): Promise<Reply> {
  return new Promise((resolve, reject) => {
    channel
      .push(event, payload)
      .receive("ok", resolve)
      .receive("error", (refusal: Refusal) => reject(new Refused(refusal)))
      .receive("timeout", () => reject(new Refused({ reason: "timeout" })))
  })
}
