import { hue, initials } from "../model/names"

/** A picture, or initials on a colour that stays with the person. */
export function Avatar({ user, small }: { user: { id: string; name: string; avatar?: string | null }; small?: boolean }) {
  const size = small ? "size-7 text-[0.6875rem]" : "size-9 text-[0.8125rem]"
  if (user.avatar) return <img class={`${size} flex-none rounded-full object-cover`} src={user.avatar} alt="" />
  return (
    <span
      class={`${size} avatar grid flex-none place-items-center rounded-full font-semibold select-none`}
      style={{ "--hue": String(hue(user.id)) }}
      aria-hidden="true"
    >
      {initials(user.name)}
    </span>
  )
}
