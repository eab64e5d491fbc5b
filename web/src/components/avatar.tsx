import type { User } from "../model/contract"
import { hue, initials } from "../model/names"

const sizes = {
  small: "size-7 text-tiny",
  middle: "size-9 text-small",
  large: "size-16 text-xl",
}

/** A picture, or initials on a colour that stays with the person. */
export function Avatar({ user, size: wanted = "middle" }: { user: User; size?: keyof typeof sizes }) {
  const size = sizes[wanted]
  if (user.avatar) return <img class={`${size} flex-none rounded-full object-cover`} src={user.avatar} alt="" />
  return (
    <span
      class={`${size} avatar grid flex-none place-items-center rounded-full font-semibold select-none`}
      style={{ "--hue": String(hue(user.name)) }}
      aria-hidden="true"
    >
      {initials(user.name)}
    </span>
  )
}
