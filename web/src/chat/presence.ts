import { type Channel, Presence } from "phoenix"

/**
 * Who is in the room. The server sends the state right behind the join's reply, so a diff that comes before it belongs
 * to an earlier join on the same socket; phoenix.js would apply it to the state, and bring back who left in between.
 */
export function presenceOn(channel: Channel): Presence {
  const presence = new Presence(channel)
  channel.onMessage = (event, payload) =>
    event === "presence_diff" && presence.inPendingSyncState() ? { joins: {}, leaves: {} } : payload
  return presence
}
