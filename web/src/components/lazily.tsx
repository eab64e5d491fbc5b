import { signal } from "@preact/signals"
import type { ComponentType } from "preact"
import { useEffect } from "preact/hooks"

/** A component that comes when it is first wanted, and that isn't there until then. Without a connection it is asked for anew each time. */
export function lazily<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | null>(null)
  return function Lazy(props: Props) {
    const Wanted = loaded.value
    useEffect(() => {
      if (!Wanted) load().then((component) => (loaded.value = component), () => undefined)
    }, [])
    return Wanted && <Wanted {...props} />
  }
}
