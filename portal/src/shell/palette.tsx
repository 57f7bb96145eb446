// Go anywhere by name: rooms, targets, customers, applications.
import { Dialog } from '@base-ui/react/dialog'
import { useNavigate, useParams } from '@tanstack/react-router'
import { AppWindow, Server, Users } from 'lucide-react'
import { type KeyboardEvent, useEffect, useState } from 'react'
import { useQuery } from 'urql'
import { useWhoIsThere } from '../features/session/viewer'
import { graphql } from '../gql'
import { ROOMS } from './nav'

const FIND = graphql(`
  query Find($text: String!) {
    targets(filter: { search: $text }, first: 8) { nodes { id name customer { id name displayName } } }
    customers(first: 500) { nodes { id name displayName } }
    applications(first: 500) { nodes { id name displayName } }
  }
`)

type Hit = { id: string; name: string; note: string; icon: typeof Server; to: string }
const REST = 150
const FEW = 5

export function Palette({ close }: { close: () => void }) {
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
            aria-label="Find a target, a customer, an application or a page"
            placeholder="Find a target, a customer, an application or a page"
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

function useRested(text: string): string {
  const [rested, setRested] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), REST)
    return () => clearTimeout(timer)
  }, [text])
  return rested
}

function useHits(text: string): Hit[] {
  const { viewer } = useWhoIsThere()
  const { organization = '' } = useParams({ strict: false })
  const asked = useRested(text).trim()
  const [{ data }] = useQuery({ query: FIND, variables: { text: asked }, pause: asked === '' })
  const wanted = text.trim().toLowerCase()
  const fits = (name: string) => name.toLowerCase().includes(wanted)
  const root = `/v/${organization}`
  const rooms = ROOMS.filter(room => viewer.permissions.includes(room.needs) && fits(room.name)).map(room => ({
    id: room.to,
    name: room.name,
    note: `g ${room.key}`,
    icon: room.icon,
    to: room.to.replace('$organization', organization),
  }))
  if (wanted === '') return rooms
  const named = <Thing extends { name: string; displayName: string }>(things: Thing[] | undefined) =>
    (things ?? []).filter(thing => fits(thing.name) || fits(thing.displayName)).slice(0, FEW)
  const targets = (data?.targets.nodes ?? []).map(({ id, name, customer }) => ({
    id,
    name,
    note: customer.displayName,
    icon: Server,
    to: `${root}/targets/${customer.name}/${name}`,
  }))
  const customers = named(data?.customers.nodes).map(({ id, name, displayName }) => ({
    id,
    name: displayName,
    note: 'customer',
    icon: Users,
    to: `${root}/customers/${name}`,
  }))
  const applications = named(data?.applications.nodes).map(({ id, name, displayName }) => ({
    id,
    name: displayName,
    note: 'application',
    icon: AppWindow,
    to: `${root}/apps/${name}`,
  }))
  return [...targets, ...customers, ...applications, ...rooms]
}
