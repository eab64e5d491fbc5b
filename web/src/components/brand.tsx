/** Two bubbles that talk over each other. */
export function Bubbles({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path
        class="fill-accent"
        d="M13 3C6.9 3 2 7.2 2 12.5c0 2.7 1.3 5.1 3.3 6.8L4.5 23.6a.8.8 0 0 0 1.15.86L10.2 22c.9.2 1.85.3 2.8.3 6.1 0 11-4.3 11-9.8S19.1 3 13 3Z"
      />
      <path
        class="fill-accent opacity-55"
        d="M26.3 13.2a11.8 11.8 0 0 1-12.1 11.3c1.7 1.9 4.4 3.1 7.4 3.1.8 0 1.6-.1 2.4-.25l3.7 1.95a.75.75 0 0 0 1.08-.82l-.7-3.35A7.8 7.8 0 0 0 30.5 19.7c0-2.7-1.65-5.1-4.2-6.5Z"
      />
    </svg>
  )
}

export function Brand() {
  return (
    <p class="flex items-center gap-2.5 text-xl font-bold tracking-tight">
      <Bubbles size={28} />
      chatter
    </p>
  )
}
