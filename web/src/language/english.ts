import type { EmojiName } from "../model/emoji"
import { grammar } from "./grammar"

const help = "/me waves, /nick name, /join room, /leave, /help. To say a line that begins with a slash, write two."

/** English, and with it the shape that every other catalogue fills. */
export function english(locale: string) {
  const { counted, list } = grammar(locale)
  const name = {
    empty: "Type a name first.",
    long: "At most 50 characters, please.",
    letters: "Letters, digits, - and _ only.",
  }
  return {
    locale,
    direction: "ltr" as "ltr" | "rtl",
    close: "Close",
    dismiss: "Dismiss",
    cancel: "Cancel",
    save: "Save",
    delete: "Delete",
    tryAgain: "Try again",
    tryNow: "Try now",
    didNotWork: "That didn't work. Try again.",
    time: {
      justNow: "just now",
      minutesAgo: (minutes: number) => `${minutes} min ago`,
      yesterdayAt: (clock: string) => `yesterday ${clock}`,
      today: "Today",
      yesterday: "Yesterday",
    },
    connection: {
      lost: "Connection lost, trying again…",
      seconds: (seconds: number) => `(${seconds} s)`,
    },
    rooms: {
      title: "Rooms",
      andMe: "Rooms and me",
      somethingNew: ", something new",
      newMessages: (count: number) => ` ${counted(count, { one: "new message", other: "new messages" })}`,
      missing: (room: string) => `There is no room called ${room}.`,
      missingHint: "Perhaps the link is old, or it has yet to be made.",
      closed: (room: string) => `${room} isn't open to you.`,
      closedHint: "Ask somebody inside for a way in.",
      createIt: "Create it",
      toLobby: "Go to the lobby",
    },
    newRoom: {
      title: "New room",
      name: "Room name",
      namePlaceholder: "Name, like garden",
      topic: "Topic (optional)",
      topicPlaceholder: "What it's about (optional)",
      create: "Create room",
      empty: name.empty,
      long: "At most 64 characters, please.",
      letters: "Small letters, digits, - and _, beginning with a letter or digit.",
    },
    people: {
      title: "People",
      here: "People here",
      count: (online: number) => `People, ${online} on`,
      nobody: "Nobody with a name is here yet.",
      online: "Online",
      away: "Away",
      isOnline: "online",
      isAway: "away",
      you: " (you)",
      more: (count: number) => `and ${count} more`,
      somebody: "somebody",
      typing: (names: readonly string[], others: number) => {
        const all = others > 0 ? [...names, counted(others, { one: "other", other: "others" })] : names
        return `${list(all)} ${all.length > 1 ? "are" : "is"} typing…`
      },
    },
    me: {
      visitor: "Reading as a visitor",
      leave: "Leave",
      colours: { auto: "Colours: auto", light: "Colours: light", dark: "Colours: dark" },
      language: (name: string) => `Language: ${name}`,
    },
    name: {
      ...name,
      pick: "Pick a name",
      pickToJoin: "Pick a name to join in.",
      orRead: "Or just read along.",
      placeholder: "Your name",
      join: "Join",
      taken: (name: string) => `${name} is taken. Try another one.`,
      takenMeanwhile: (name: string) => `${name} is taken by somebody else now.`,
      thatTaken: "That name is taken now.",
      stillAfterLoss: (name: string) => `The connection was lost. Still ${name}?`,
      stillAfterLong: (name: string) => `You were away for long. Still ${name}?`,
      awayForLong: "You were away for long.",
      noAnswer: "No answer. It works again once the connection is back.",
    },
    hints: {
      quiet: "It's quiet in here.",
      sayFirst: (room: string) => `Say the first word in ${room}.`,
      pickAndSayFirst: (room: string) => `Pick a name below and say the first word in ${room}.`,
      began: "This is where it began.",
      alone: "Only you are here right now.",
      sendLink: "Send somebody this link, and they are in. No account needed.",
      link: "Link to this room",
      copy: "Copy",
      copied: "Copied",
    },
    log: {
      messagesIn: (room: string) => `Messages in ${room}`,
      new: "New",
      newCount: (count: number) => `${count} new`,
      newest: "Newest",
      deleted: "message deleted",
      edited: "(edited)",
    },
    actions: {
      group: "What to do with this message",
      react: "React",
      chooseReaction: "Choose a reaction",
      reactions: "Reactions",
      reply: "Reply",
      edit: "Edit",
      editMessage: "Edit message",
      undo: "Undo",
    },
    composer: {
      label: (room: string) => `Message to ${room}`,
      placeholder: (room: string) => `Message ${room}`,
      send: "Send",
      mention: "People to mention",
      tooMuchWaits: "A lot is waiting to be sent already. Write on when the connection is back.",
    },
    post: {
      sending: "Sending…",
      waiting: "Waiting…",
      offline: "Goes out when the connection is back.",
      noLuck: "No luck yet. Goes out by itself.",
      quick: "One moment, that was quick. Goes out by itself.",
      notSent: (why: string) => `Not sent: ${why}`,
      discard: "Discard",
      anotherName: "You got another name before it was sent.",
      anotherNameUnsure: "You got another name before it was sent. It may have arrived.",
    },
    link: {
      copy: "Copy link",
      copied: "Link copied",
      nothing: "That message isn't there. Perhaps the link is wrong.",
      deleted: "That message was deleted.",
    },
    search: {
      title: "Search messages",
      placeholder: "Words from the message",
      nothing: "Nothing found. Try fewer or other words.",
      inRoom: (room: string) => `in ${room}`,
    },
    command: {
      help,
      meAlone: "What do you do? /me waves",
      unknown: (word: string) => `There is no /${word}. ${help}`,
    },
    refusal: {
      unauthorized: "Pick a name first.",
      forbidden: "You may not do that.",
      name_taken: "That name is taken.",
      already_exists: "There is a room by that name already.",
      invalid: "The server doesn't understand that.",
      too_long: "That is too long.",
      rate_limited: "That was quick. Wait a moment.",
      not_found: "That isn't there any more.",
      unavailable: "The server can't do that right now. Try again.",
      timeout: "The server didn't answer.",
      offline: "The server can't be reached.",
    },
    emoji: {
      "thumbs up": "thumbs up", heart: "heart", "tears of joy": "tears of joy", party: "party", surprised: "surprised",
      sad: "sad", thanks: "thanks", looking: "looking", "thumbs down": "thumbs down", fire: "fire", clapping: "clapping",
      done: "done", thinking: "thinking", "in love": "in love", relieved: "relieved", cool: "cool",
      celebrating: "celebrating", asleep: "asleep", rocket: "rocket", hundred: "hundred", idea: "idea",
      coffee: "coffee", pizza: "pizza", rainbow: "rainbow",
    } satisfies Record<EmojiName, string>,
  }
}

export type Words = ReturnType<typeof english>

/** Something to tell, in whatever language is wanted when it is shown. */
export type Line = (words: Words) => string
