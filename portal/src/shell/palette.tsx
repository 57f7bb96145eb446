// Go anywhere by name.
import { Dialog } from '@base-ui/react/dialog'
import { useNavigate } from '@tanstack/react-router'
import type { LucideIcon } from 'lucide-react'
import { type KeyboardEvent, useState } from 'react'

export type Hit = { id: string; name: string; note: string; icon: LucideIcon; to: string }
export type UseHits = (text: string) => Hit[]

export function Palette({ close, useHits, finds }: { close: () => void; useHits: UseHits; finds: string }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const navigate = useNavigate()
  const hits = useHits(text)
  const go = (hit: Hit | undefined) => {
    if (!hit) return
    close()
    void navigate({ to: hit.to })
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
