const widths = ["w-3/5", "w-2/5", "w-4/5", "w-1/2", "w-2/3", "w-1/3"]

/** The shape of messages that are on their way. */
export function Skeleton({ lines = 6 }: { lines?: number }) {
  return (
    <div class="patient" aria-hidden="true">
      {widths.slice(0, lines).map((width) => (
        <div class="flex gap-3 px-2 py-3">
          <div class="breathe size-9 flex-none rounded-full bg-press" />
          <div class="flex-1 space-y-2 pt-1">
            <div class="breathe h-3 w-24 rounded-full bg-press" />
            <div class={`breathe h-3 rounded-full bg-press ${width}`} />
          </div>
        </div>
      ))}
    </div>
  )
}
