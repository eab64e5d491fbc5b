import type { ComponentChildren } from "preact"
import { useEffect, useRef } from "preact/hooks"
import { words } from "../language/language"
import { IconButton } from "./icon"

interface Props {
  label: string
  place: "left" | "right" | "top"
  onClose: () => void
  children: ComponentChildren
}

const places = {
  left: "mr-auto h-dvh w-[min(19rem,86vw)] bg-rail",
  right: "ml-auto h-dvh w-[min(19rem,86vw)] bg-rail",
  top: "mx-auto mt-[8vh] max-h-[80dvh] w-[min(40rem,calc(100vw-1.5rem))] rounded-card border border-line bg-raised shadow-float",
}

/** A panel over the page. The browser keeps the focus inside and gives it back; Escape and a click beside it close. */
export function Drawer({ label, place, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current!.showModal()
  }, [])
  return (
    <dialog
      ref={dialog}
      class={`max-h-none max-w-none overflow-hidden ${places[place]}`}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => event.target === event.currentTarget && event.currentTarget.close()}
    >
      <div class="absolute top-2.5 right-2.5 z-10 pointer-coarse:top-1.5 pointer-coarse:right-1.5">
        <IconButton icon="close" label={words().close} onClick={() => dialog.current!.close()} />
      </div>
      {children}
    </dialog>
  )
}
