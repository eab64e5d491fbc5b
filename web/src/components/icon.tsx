import { createElement } from "preact"
import {
  ArrowDown, ChevronDown, Check, Copy, Hash, type IconNode, Link, LogOut, Menu, Monitor, Moon, Pencil, Plus, Reply, RotateCw, Search,
  SendHorizontal, Settings, Smile, SmilePlus, Sun, Trash2, UserPlus, Users, X,
} from "lucide"

const drawings = {
  add: Plus,
  auto: Monitor,
  close: X,
  copy: Copy,
  dark: Moon,
  delete: Trash2,
  done: Check,
  down: ArrowDown,
  edit: Pencil,
  emoji: Smile,
  invite: UserPlus,
  leave: LogOut,
  light: Sun,
  link: Link,
  menu: Menu,
  more: ChevronDown,
  people: Users,
  react: SmilePlus,
  reply: Reply,
  retry: RotateCw,
  room: Hash,
  search: Search,
  send: SendHorizontal,
  settings: Settings,
} satisfies Record<string, IconNode>

export type IconName = keyof typeof drawings

/** A drawing beside a label, or inside a button that has one; it says nothing by itself. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width={2}
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {drawings[name].map(([tag, attributes]) => createElement(tag, attributes))}
    </svg>
  )
}

export function IconButton(props: {
  icon: IconName
  label: string
  onClick: () => void
  expanded?: boolean
  danger?: boolean
  round?: boolean
}) {
  const { icon, label, onClick, expanded, danger, round } = props
  return (
    <button
      type="button"
      class={`icon-button ${danger ? "hover:text-danger" : ""} ${round ? "rounded-full" : ""}`}
      aria-label={label}
      title={label}
      {...(expanded === undefined ? {} : { "aria-expanded": expanded })}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  )
}
