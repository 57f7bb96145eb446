// Go anywhere by name.
import { Dialog } from '@base-ui/react/dialog'
import { useNavigate } from '@tanstack/react-router'
import type { LucideIcon } from 'lucide-react'
import { type KeyboardEvent, useState } from 'react'

type Found = { id: string; name: string; note: string; icon: LucideIcon }
export type Hit = Found & { to: string }
/** Something that is done where one is. */
export type Deed = Found & { act: () => void }
export type UseHits = (text: string) => Hit[]

type Props = { close: () => void; useHits: UseHits; finds: string; deeds: Deed[] }

export function Palette({ close, useHits, finds, deeds }: Props) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const navigate = useNavigate()
  const wanted = text.trim().toLowerCase()
  const hits = [...useHits(text), ...deeds.filter(({ name }) => name.toLowerCase().includes(wanted))]
  const go = (hit: Hit | Deed | undefined) => {
    if (!hit) return
    close()
    if ('act' in hit) hit.act()
    else void navigate({ to: hit.to })
  }
  const press = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0) {
      event.preventDefault()
      setAt(at => (at + step + hits.length) % Math.max(1, hits.length))
    }
    if (event.key === 'Enter') go(hits[at])
  }
  return (
    <Dialog.Root open onOpenChange={open => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="palette">
          <Dialog.Title className="unseen">Find or go to</Dialog.Title>
          <input
            className="palette-input"
            role="combobox"
            aria-expanded="true"
            aria-controls="palette-hits"
            aria-activedescendant={hits[at] ? `hit-${at}` : undefined}
            aria-label={`Find ${finds}`}
            placeholder={`Find ${finds}`}
            value={text}
            onChange={event => {
              setText(event.target.value)
              setAt(0)
            }}
            onKeyDown={press}
          />
          <div id="palette-hits" role="listbox" aria-label="Found" className="palette-hits">
            {hits.map((hit, index) => (
              <div
                key={hit.id}
                id={`hit-${index}`}
                role="option"
                tabIndex={-1}
                aria-selected={index === at}
                className="hit"
                onClick={() => go(hit)}
                onKeyDown={event => event.key === 'Enter' && go(hit)}
                onPointerMove={() => setAt(index)}
              >
                <hit.icon size={15} aria-hidden="true" />
                <span>{hit.name}</span>
                <span className="muted">{hit.note}</span>
              </div>
            ))}
            {hits.length === 0 ? <p className="muted palette-none">Nothing has this in its name</p> : null}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
