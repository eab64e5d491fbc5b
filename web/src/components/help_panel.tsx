import { words } from "../language/language"

/** Everything that can be done without a mouse. */
export function HelpPanel() {
  const { help, keys } = words()
  const command = /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘" : keys.control
  return (
    <div class="flex max-h-[80dvh] flex-col">
      <h2 class="pane-title">{help.title}</h2>
      <div class="min-h-0 gap-x-8 overflow-y-auto px-5 pb-5 -outline-offset-2 sm:columns-2" tabIndex={0}>
        <Group
          title={help.writing}
          rows={[
            [[keys.enter], help.send],
            [[keys.shift, keys.enter], help.newLine],
            [["↑"], help.editLast],
            [["@"], help.mention],
            [[":tada:"], help.emoji],
            [["Esc"], help.cancel],
          ]}
        />
        <Group
          title={help.message}
          rows={[
            [["↑", "↓"], help.walk],
            [[keys.home, keys.end], help.ends],
            [["R"], help.reply],
            [["E"], help.edit],
            [[keys.delete], help.delete],
          ]}
        />
        <Group
          title={help.around}
          rows={[
            [[command, "K"], help.search],
            [["Alt", "↑", "↓"], help.rooms],
            [["Esc"], help.toComposer],
            [["?"], help.thisHelp],
          ]}
        />
        <Group
          title={help.commands}
          rows={[
            [["/me"], help.me],
            [["/nick"], help.nick],
            [["/join"], help.join],
            [["/leave"], help.leave],
            [["/help"], help.list],
            [["//"], help.slash],
          ]}
        />
      </div>
    </div>
  )
}

function Group({ title, rows }: { title: string; rows: [keys: string[], meaning: string][] }) {
  return (
    <section class="break-inside-avoid pb-4">
      <h3 class="mb-1 text-[0.8125rem] font-semibold text-quiet">{title}</h3>
      <dl>
        {rows.map(([keys, meaning]) => (
          <div key={meaning} class="flex items-baseline justify-between gap-4 py-1">
            <dt class="order-last flex flex-none gap-1">
              {keys.map((key) => (
                <kbd key={key} class="rounded-md border border-edge bg-raised px-1.5 font-sans text-xs leading-5">
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
